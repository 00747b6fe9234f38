import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type EvidencePack, exportEvidence, openSource } from '../../src/reading.ts'
import { leafHashOfText } from '../../src/record/line.ts'
import { directorySink } from '../../src/sink/directory-sink.ts'
import { temporaryFolder } from '../support.ts'
import {
  chain,
  checkpointOf,
  keyOf,
  policyOf,
  putStream,
  type Signing,
  segmentsAt,
  writeKeyToFolder,
  writeToFolder,
} from '../verify/signed-log.ts'

export const log = 'example.com/lelu'
export const signing: Signing = { log, key: keyOf(1) }
export const trust: string = policyOf(log, signing.key)
export const period = { from: '2026-10-01', to: '2027-01-01' }

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** The name of a stream that began then. */
export function streamAt(time: string, tail = 'a'): string {
  let [text, left] = ['', Date.parse(time)]
  for (let digit = 0; digit < 10; digit += 1) {
    text = alphabet.charAt(left % 32) + text
    left = Math.floor(left / 32)
  }
  return `${text}${tail.padStart(16, '0')}`
}

export type Told = {
  name: string
  lines: string[]
  /** How many records are signed. */
  signed: number
}

type Recipe = {
  from: string
  /** So many decisions, this far apart. Default 10, one a minute. */
  decisions?: number
  everyMs?: number
  closed?: boolean
  /** How many records are signed; default all. */
  signed?: number
  sees?: readonly Told[]
  tail?: string
  /** What its name says of when it began. Default `from`. */
  named?: string
}

const answers = ['allow', 'deny', 'require_approval']

/** A stream from its first record on; it notes the last records of those that it sees. */
export function stream(recipe: Recipe): Told {
  const { from, decisions = 10, everyMs = 60_000, closed = true, sees = [], tail, named } = recipe
  const name = streamAt(named ?? from, tail)
  const at = (n: number) => ({ ts: new Date(Date.parse(from) + n * everyMs).toISOString() })
  const peers = sees.map((other) => ({
    stream: other.name,
    seq: other.lines.length - 1,
    leaf: leafHashOfText(other.lines.at(-1) as string),
  }))
  const calls = Array.from({ length: decisions }, (_, n) => ({
    ...{ ...at(n + 1), kind: 'decision', decision: answers[n % 3], id: `${name}-call-${n}` },
    ...{ agent: { id: 'trader-1', type: 'agent' }, reasons: [] },
  }))
  const end = closed ? [{ ...at(decisions + 1), kind: 'close' }] : []
  const lines = chain(log, name, [{ ...at(0), kind: 'genesis', peers }, ...calls, ...end])
  return { name, lines, signed: recipe.signed ?? lines.length }
}

/** A log folder with those streams. */
export function folderOf(streams: readonly Told[]): string {
  const directory = temporaryFolder()
  writeKeyToFolder(directory, signing)
  for (const { name, lines, signed } of streams) {
    const checkpoint = signed === 0 ? undefined : checkpointOf(signing, name, lines, signed)
    writeToFolder(directory, name, segmentsAt(lines, [4, 7]), checkpoint)
  }
  // What is not closed belongs to a process of which nothing is known.
  mkdirSync(join(directory, 'owners'))
  return directory
}

/** An archive in a folder with those streams. */
export async function archiveOf(streams: readonly Told[]): Promise<string> {
  const directory = join(temporaryFolder(), 'archive')
  const sink = directorySink({ directory })
  for (const { name, lines } of streams) {
    await putStream(sink, signing, name, segmentsAt(lines, [4, 7]))
  }
  return directory
}

/** A pack of the period of a log, in a folder of its own. */
export async function packOf(
  directory: string,
  more: Partial<Parameters<typeof exportEvidence>[0]> = {},
): Promise<EvidencePack & { out: string; files: string[] }> {
  const out = more.out ?? join(temporaryFolder(), 'pack')
  const source = more.source ?? (await openSource(directory))
  const pack = await exportEvidence({ ...period, source, out, ...more })
  return { ...pack, out, files: filesOf(out) }
}

export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
}

export const text = (pack: { out: string }, name: string): string =>
  readFileSync(join(pack.out, name), 'utf8')

/** The rows of a table by their names. */
export function rows(csv: string): Record<string, string>[] {
  const [head = '', ...lines] = csv.trimEnd().split('\n')
  const names = head.split(',')
  return lines.map((line) =>
    Object.fromEntries(line.split(',').map((cell, index) => [names[index] ?? '', cell])),
  )
}

/** What the real sha256sum says of a pack. */
export function sumsHold(out: string): boolean {
  try {
    execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: out, stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

export function writeOver(path: string, bytes: string | Buffer): void {
  execFileSync('chmod', ['u+w', path])
  writeFileSync(path, bytes)
}
