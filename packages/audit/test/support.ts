import { type ChildProcess, spawn } from 'node:child_process'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { openAuditLog } from '../src/index.ts'
import { type AuditReport, verifyLog } from '../src/reading.ts'
import { decision } from './support-event.ts'

export { decision } from './support-event.ts'

/** A folder of the test's own, removed when it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-audit-'))
  onTestFinished(() => {
    for (const path of [folder, `${folder}.keys`]) rmSync(path, { recursive: true, force: true })
  })
  return folder
}

/** Paths of the segments within the log folder, in order. */
export function segmentsOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
}

export async function problemsOf(directory: string): Promise<AuditReport['problems']> {
  return (await verifyLog({ directory })).problems
}

/** A stream with so many decisions, closed. Its name. */
export async function writeStream(directory: string, count: number, prefix = 'd'): Promise<string> {
  const log = await openAuditLog({ directory })
  await Promise.all(Array.from({ length: count }, (_, n) => log.append(decision(`${prefix}${n}`))))
  await log.close()
  return log.stream
}

const writer = fileURLToPath(new URL('./writer.ts', import.meta.url))

export type Writer = { child: ChildProcess; acknowledged: () => string[]; ended: Promise<void> }

/** A process that appends until it is killed. It never outlives the test. */
export function startWriter(
  directory: string,
  callers: number,
  count = Number.POSITIVE_INFINITY,
): Writer {
  const args = ['--conditions=lelu:source', writer, directory, String(callers), String(count)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, ended, acknowledged: () => text.split('\n').slice(0, -1) }
}

/** A stream whose process has died without closing it, with these bytes behind its last record. Its name. */
export async function deadStream(directory: string, count: number, torn = ''): Promise<string> {
  const before = new Set(readdirSync(directory))
  await startWriter(directory, 1, count).ended
  const stream = readdirSync(directory).find(
    (name) => !before.has(name) && /^[0-9a-z]{26}$/.test(name),
  )
  if (stream === undefined) throw new Error('the writer wrote nothing')
  const file = segmentsOf(directory).findLast((name) => name.startsWith(stream)) ?? ''
  appendFileSync(join(directory, file), torn)
  return stream
}

/** Lines of a segment; `write` puts them back, each with its newline. */
export function linesOf(path: string): { lines: string[]; write(lines: readonly string[]): void } {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  return {
    lines,
    write: (changed) => writeFileSync(path, changed.map((line) => `${line}\n`).join('')),
  }
}
