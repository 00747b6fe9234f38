import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import type { FileLayer } from '../src/folder/file-layer.ts'
import type { AuditLog, AuditLogOptions, AuditRecord } from '../src/index.ts'
import { readRecords } from '../src/reading.ts'
import { openSigningKeys } from '../src/sign/signing-keys.ts'
import { type Checkpoint, parseCheckpoint } from '../src/tlog/checkpoint.ts'
import { createTree } from '../src/tlog/merkle.ts'
import { openWith } from '../src/write/log.ts'
import type { LogLimits } from '../src/write/log-options.ts'
import { ownCheckpoint } from '../src/write/own-checkpoint.ts'
import type { FakeSink } from './fake-sink.ts'
import { faultyFiles } from './faults.ts'
import { temporaryFolder } from './support.ts'

/** Everything by itself within milliseconds, but no reserve. */
export const quick: Partial<LogLimits> = {
  sealMs: 20,
  retryMs: 20,
  shipMs: 20,
  endedMs: 50,
  reserveMs: 600_000,
}

/** A log with small times, closed when the test ends. */
export async function openQuick(
  options: Partial<AuditLogOptions> = {},
  limits: Partial<LogLimits> = {},
  files: FileLayer = faultyFiles({}),
): Promise<AuditLog> {
  const directory = options.directory ?? temporaryFolder()
  const check = await options.sink?.check()
  const log = openWith(files, { ...options, directory }, { ...quick, ...limits }, check)
  onTestFinished(() => log.close())
  return log
}

export async function recordsOf(directory: string, stream?: string): Promise<AuditRecord[]> {
  const found = []
  for await (const { record } of readRecords({ directory, ...(stream && { stream }) })) {
    found.push(record)
  }
  return found
}

export async function recordsOfKind(directory: string, kind: string): Promise<AuditRecord[]> {
  return (await recordsOf(directory)).filter((record) => record.kind === kind)
}

export async function leavesOf(directory: string, stream: string): Promise<Buffer[]> {
  const leaves = []
  for await (const { leaf } of readRecords({ directory, stream })) {
    leaves.push(Buffer.from(leaf, 'base64'))
  }
  return leaves
}

export function rootOf(leaves: readonly Buffer[]): Buffer {
  const tree = createTree()
  for (const leaf of leaves) tree.append(leaf)
  return tree.root()
}

export const checkpointPath = (directory: string, stream: string): string =>
  join(directory, stream, 'checkpoint')

/** The checkpoint of a stream on disk: undefined when there is none, or none that the log signed. */
export async function checkpointOf(
  directory: string,
  stream: string,
): Promise<Checkpoint | undefined> {
  let text: string
  try {
    text = readFileSync(checkpointPath(directory, stream), 'utf8')
  } catch {
    return undefined
  }
  const keys = () => openSigningKeys({ folder: `${directory}.keys`, log: 'lelu' })
  return ownCheckpoint('lelu', keys)(stream, text)
}

/** What the archive holds of a stream: its lines, and the sizes of its checkpoints. */
export function archived(
  { objects }: Pick<FakeSink, 'objects'>,
  stream: string,
): { lines: string[]; checkpoints: number[]; announced: boolean } {
  const keys = [...objects.keys()].sort()
  const lines = keys
    .filter((key) => key.includes(`/s/${stream}/seg/`))
    .flatMap((key) =>
      gunzipSync(objects.get(key) as Buffer)
        .toString()
        .split('\n')
        .slice(0, -1),
    )
  const checkpoints = keys
    .filter((key) => key.includes(`/s/${stream}/cp/`))
    .map((key) => parseCheckpoint((objects.get(key) as Buffer).toString())?.size ?? -1)
  return { lines, checkpoints, announced: keys.includes(`v1/lelu/streams/${stream}.json`) }
}

/** The lines of a stream as they are stored. */
export async function linesOfStream(directory: string, stream: string): Promise<string[]> {
  const lines = []
  for await (const { raw } of readRecords({ directory, stream })) lines.push(raw)
  return lines
}
