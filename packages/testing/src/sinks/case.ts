import type { AuditSink, SinkObject } from '@lelu/audit'
import { onTestFinished } from 'vitest'
import type { SinkArchive, SinkHarness, SinkSettings } from './harness.ts'

/** What one case works with: an archive of its own, and writers that are closed after it. */
export type SinkStage = Omit<SinkArchive, 'sink'> & {
  sink(settings?: SinkSettings): AuditSink
  put(sink: AuditSink, key: string, text: string): Promise<string>
}

export async function stageOf(harness: SinkHarness): Promise<SinkStage> {
  const archive = await harness.archive()
  return {
    ...archive,
    sink(settings) {
      const sink = archive.sink(settings)
      onTestFinished(() => sink.close())
      return sink
    },
    put: (sink, key, text) => sink.put(key, Buffer.from(text), 'application/octet-stream'),
  }
}

export async function listed(sink: AuditSink, prefix: string): Promise<SinkObject[]> {
  const found: SinkObject[] = []
  for await (const one of sink.list(prefix)) found.push(one)
  return found
}

export async function textOf(sink: AuditSink, key: string): Promise<string | undefined> {
  return (await sink.get(key))?.toString()
}
