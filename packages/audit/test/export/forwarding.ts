import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type AuditLog, openAuditLog } from '../../src/index.ts'
import {
  type ForwardEvent,
  type ForwardOptions,
  forwardRecords,
  otlpTarget,
} from '../../src/reading.ts'
import { temporaryFolder, writeStream } from '../support.ts'
import { type Answer, startReceiver } from './receiver.ts'

export const quick = { backoff: { minMs: 1, maxMs: 10 }, everyMs: 2 }

export async function openLog(directory: string): Promise<AuditLog> {
  const log = await openAuditLog({ directory })
  onTestFinished(() => log.close())
  return log
}

/** A log of 20 decisions in two streams, and where its cursor would be. */
export async function logOfTwenty(): Promise<{ directory: string; cursor: string; all: string[] }> {
  const folder = temporaryFolder()
  const directory = join(folder, 'audit')
  await writeStream(directory, 10, 'a')
  await writeStream(directory, 10, 'b')
  const all = ['a', 'b'].flatMap((name) => Array.from({ length: 10 }, (_, n) => `${name}${n}`))
  return { directory, cursor: join(folder, 'forward', 'cursor.json'), all }
}

export async function once(options: Omit<ForwardOptions, 'once'>) {
  const events: ForwardEvent[] = []
  const onEvent = (event: ForwardEvent) => void events.push(event)
  const report = await forwardRecords({ ...quick, ...options, once: true, onEvent })
  return { report, events }
}

/** Forwards the twenty to a receiver that answers so, until all is sent. */
export async function sendTwenty(
  answer?: Answer,
  { timeoutMs = 20_000, ...more }: Partial<ForwardOptions> & { timeoutMs?: number } = {},
) {
  const { directory, cursor, all } = await logOfTwenty()
  const receiver = await startReceiver(answer)
  const to = otlpTarget({ url: receiver.url, timeoutMs })
  const result = await once({ directory, cursor, to, fromStart: true, tries: 50, ...more })
  return { ...result, ...receiver, all, directory, cursor }
}
