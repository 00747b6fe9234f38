import { createPrivateKey, type KeyObject } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { jsonText } from '../../src/record/json-bytes.ts'
import { genesisHash, leafHash, leafHashOfText } from '../../src/record/line.ts'
import { checkpointKey, logKeyKey, segmentKey, streamKey } from '../../src/sink/layout.ts'
import type { AuditSink } from '../../src/sink/sink.ts'
import { signCheckpoint } from '../../src/tlog/checkpoint.ts'
import { formatVkey, parseVkey, rawPublicKey } from '../../src/tlog/keys.ts'
import { createTree } from '../../src/tlog/merkle.ts'
import { formatKeyFile } from '../../src/tlog/rotation.ts'
import { operatorPolicy } from '../../src/tlog/trust-policy.ts'
import { withSum } from './with-sum.ts'

const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex')

/** An Ed25519 key that is the same in every run. */
export function keyOf(seed: number): KeyObject {
  const key = Buffer.concat([pkcs8Head, Buffer.alloc(32, seed)])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

export const vkeyOf = (log: string, key: KeyObject): string =>
  formatVkey(log, 0x04, rawPublicKey(key))

export const policyOf = (log: string, key: KeyObject): string => operatorPolicy(vkeyOf(log, key))

/** The file `keys/<key-id>` of a log that was never rotated. */
export function keyFileOf(log: string, key: KeyObject): { id: string; text: string } {
  const vkey = vkeyOf(log, key)
  return { id: parseVkey(vkey).id.toString('hex'), text: formatKeyFile([vkey]) }
}

/** Lines of a stream that follow from the events, as the log writes them; the first is the genesis. */
export function chain(
  log: string,
  stream: string,
  events: readonly Record<string, unknown>[],
  { start = 0, prev = genesisHash(log, stream) }: { start?: number; prev?: string } = {},
): string[] {
  let before = prev
  return events.map((event, index) => {
    const place = { log, stream, seq: start + index, prev: before, v: 1, boot: 'boot', mono_us: 1 }
    const record = { tenant: 'default', id: `${stream}-${start + index}`, ...event, ...place }
    const text = withSum(jsonText(record))
    before = leafHashOfText(text)
    return text
  })
}

export type Signing = { log: string; key: KeyObject; time?: number }

/** A signed checkpoint over the first `size` of the lines. */
export function checkpointOf(
  { log, key, time = 1_760_000_000 }: Signing,
  stream: string,
  lines: readonly (string | Buffer)[],
  size: number = lines.length,
): string {
  const tree = createTree()
  for (const line of lines.slice(0, size)) {
    tree.append(Buffer.from(leafHash(Buffer.from(line)), 'base64'))
  }
  const origin = `${log}/${stream}`
  return signCheckpoint({ origin, size, root: tree.root() }, [{ name: log, privateKey: key }], time)
}

/** The base64 root of the first `size` lines, as a peer notes it. */
export function rootOf(lines: readonly string[], size: number = lines.length): string {
  const tree = createTree()
  for (const line of lines.slice(0, size)) tree.append(Buffer.from(leafHashOfText(line), 'base64'))
  return tree.root().toString('base64')
}

export type Segmented = { firstSeq: number; lines: readonly string[] }

/** Runs of lines: a new one at each of the numbers. */
export function segmentsAt(lines: readonly string[], starts: readonly number[]): Segmented[] {
  const begins = [0, ...starts.filter((at) => at > 0 && at < lines.length)]
  return begins.map((firstSeq, index) => ({
    firstSeq,
    lines: lines.slice(firstSeq, begins[index + 1]),
  }))
}

const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
const number16 = (value: number) => String(value).padStart(16, '0')

/** Writes a stream into a log folder; `checkpoint` signs it to its end. */
export function writeToFolder(
  directory: string,
  stream: string,
  segments: readonly Segmented[],
  checkpoint?: string,
): void {
  const folder = join(directory, stream)
  mkdirSync(folder, { recursive: true })
  for (const { firstSeq, lines } of segments) {
    writeFileSync(join(folder, `${number16(firstSeq)}.jsonl`), textOf(lines))
  }
  if (checkpoint !== undefined) writeFileSync(join(folder, 'checkpoint'), checkpoint)
}

export function writeKeyToFolder(directory: string, signing: Signing): void {
  const { id, text } = keyFileOf(signing.log, signing.key)
  mkdirSync(join(directory, 'keys'), { recursive: true })
  writeFileSync(join(directory, 'keys', id), text)
}

/** Puts a stream into an archive: announcement, then each segment with a checkpoint behind it. */
export async function putStream(
  sink: AuditSink,
  signing: Signing,
  stream: string,
  segments: readonly Segmented[],
): Promise<void> {
  const { log, key } = signing
  const { id, text } = keyFileOf(log, key)
  await sink.put(logKeyKey(log, id), Buffer.from(text), 'text/plain')
  const genesis = segments[0]?.lines[0]
  const announcement = jsonText({ v: 1, log, stream, genesis, operator: vkeyOf(log, key) })
  await sink.put(streamKey(log, stream), Buffer.from(announcement), 'application/json')
  const lines: string[] = []
  for (const segment of segments) {
    lines.push(...segment.lines)
    const packed = gzipSync(textOf(segment.lines))
    await sink.put(segmentKey(log, stream, segment.firstSeq), packed, 'application/gzip')
    const checkpoint = Buffer.from(checkpointOf(signing, stream, lines))
    await sink.put(checkpointKey(log, stream, lines.length), checkpoint, 'text/plain')
  }
}

export const readText = (path: string): string => readFileSync(path, 'utf8')
