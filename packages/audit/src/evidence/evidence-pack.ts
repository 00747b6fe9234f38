import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AuditError } from '../errors.ts'
import type { LogSource, StreamRef } from '../read/source.ts'
import type { Announcement } from '../sink/announce.ts'
import { directorySink } from '../sink/directory-sink.ts'
import { logKeyKey, streamKey } from '../sink/layout.ts'
import { formatVkey, parseVkey } from '../tlog/keys.ts'
import { formatProof } from '../tlog/proof.ts'
import { operatorPolicy } from '../tlog/trust-policy.ts'
import { heldObjects } from './held-objects.ts'
import { packReadme } from './pack-readme.ts'
import { type PackedStream, packStream } from './pack-stream.ts'
import { countPopulation, csvText, type Period, type Population, within } from './population.ts'
import { createSample, type Drawn } from './sample.ts'
import { writeSums } from './sums.ts'
import { proofsIn } from './tree-levels.ts'

export type EvidenceOptions = {
  source: LogSource
  /** A folder that does not exist, or is empty. */
  out: string
  /** ISO 8601: from this time on, and before that. */
  from: string
  to: string
  /** How many decisions are drawn, each with its proof. Default 25. */
  sample?: number
  /** Text of a tlog-policy file. Default: the operator's first key, as the log tells it. */
  trust?: string
  /** Told of each stream that is copied. */
  onProgress?: (done: { stream: string; streams: number; of: number; records: number }) => void
}

export type EvidencePack = {
  directory: string
  period: Period
  streams: number
  records: number
  decisions: number
  sampled: number
  /** Records of the pack that no checkpoint covers. */
  unsigned: number
}

/**
 * Writes what an auditor needs of a period into a folder: the records whole, checkpoints, keys and trust policy, counts
 * of the population, a sample with proofs, how the objects are held, and one command that checks all of it.
 * Throws `LELU_AUDIT_OPTIONS_INVALID`, and `LELU_AUDIT_NOT_FOUND` when there is nothing in that time.
 */
export async function exportEvidence(options: EvidenceOptions): Promise<EvidencePack> {
  const { source, out, sample = 25, onProgress } = options
  const period = periodOf(options)
  await makeEmpty(out)
  const pack = directorySink({ directory: out })
  const population = countPopulation(period)
  const drawing = createSample(sample)
  const streams: PackedStream[] = []
  const refs = await source.streams()
  for (const [index, ref] of refs.entries()) {
    if (!(await overlaps(source, ref, period))) continue
    const packed = await packStream(source, ref, pack, (record, line) => {
      population.visit(record)
      if (record.kind !== 'decision' || !within(record, period)) return
      drawing.offer({ id: record.id, stream: record.stream, seq: record.seq, line })
    })
    if (packed !== undefined) streams.push(packed)
    const { records } = population
    onProgress?.({ stream: ref.stream, streams: index + 1, of: refs.length, records })
  }
  if (streams.length === 0) throw nothingThere(source, period)

  const keys = await packKeys(source, out, pack.put)
  await announceAll(source, streams, keys, pack.put)
  const sampled = await writeProofs(out, streams, drawing.drawn)
  const trust = options.trust ?? (keys[0] === undefined ? undefined : operatorPolicy(keys[0]))
  const unsigned = streams.reduce((sum, one) => sum + one.records - (one.checkpoint?.size ?? 0), 0)
  const result: EvidencePack = {
    directory: out,
    period,
    streams: streams.length,
    records: population.records,
    decisions: population.decisions,
    sampled,
    unsigned,
  }
  await writeTables(out, population, streams)
  if (trust !== undefined) await writeFile(join(out, 'policy.txt'), trust)
  await writeFile(join(out, 'vkeys.txt'), streamVkeys(streams, keys))
  const held = await heldObjects(source, new Set(streams.map(({ stream }) => stream)))
  await writeFile(join(out, 'retention.json'), `${JSON.stringify(held, null, 2)}\n`)
  await writeFile(join(out, 'README.md'), packReadme(result, source.name, trust !== undefined))
  await writeSums(out)
  return result
}

function periodOf({ from, to, sample = 0 }: EvidenceOptions): Period {
  const times = [from, to].map((time) => new Date(time))
  const [begin, end] = times
  const isPeriod = begin !== undefined && end !== undefined && begin.getTime() < end.getTime() // NaN is never less
  if (!isPeriod || !Number.isSafeInteger(sample) || sample < 0) {
    throw new AuditError('LELU_AUDIT_OPTIONS_INVALID', 'There is no such period or sample.', {
      help: 'Pass two times such as 2026-10-01 and 2027-01-01, the earlier one first, and a whole number of decisions.',
    })
  }
  return { from: begin.toISOString(), to: end.toISOString() }
}

async function makeEmpty(out: string): Promise<void> {
  await mkdir(out, { recursive: true, mode: 0o700 })
  if ((await readdir(out)).length === 0) return
  throw new AuditError('LELU_AUDIT_OPTIONS_INVALID', `${out} is not empty.`, {
    help: 'Name a folder that does not exist: a pack must hold nothing else.',
  })
}

/** By the ULID that a stream's name ends with (when it began) and the time of its last record. */
async function overlaps(source: LogSource, ref: StreamRef, { from, to }: Period): Promise<boolean> {
  if (ulidTime(ref.stream) >= Date.parse(to)) return false
  const last = (await source.segments(ref)).segments.at(-1)
  if (last === undefined) return false
  let tail = ''
  for await (const chunk of source.read(ref, last, { alone: true })) {
    tail = (tail + chunk.toString('latin1')).slice(-2 * 65_536)
  }
  const time = [...tail.matchAll(/"ts":"([0-9TZ:.-]{24})"/g)].at(-1)?.[1]
  // A clock that was set back, or a damaged end: rather too much than too little.
  return time === undefined || time >= from
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

function ulidTime(stream: string): number {
  let time = 0
  for (const digit of stream.slice(-26, -16)) time = time * 32 + alphabet.indexOf(digit)
  return time
}

type Put = (key: string, bytes: Buffer, contentType: string) => Promise<unknown>

/** The vkeys of the operator, the first one first; each as a file of the pack. */
async function packKeys(source: LogSource, out: string, put: Put): Promise<string[]> {
  const vkeys: { vkey: string; rotated: boolean }[] = []
  for (const { log, text } of await source.keys()) {
    const [vkey = ''] = text.split('\n')
    const [name = '', id = ''] = vkey.split('+')
    if (!/^[0-9a-f]{8}$/.test(id)) continue
    await put(logKeyKey(log ?? name, id), Buffer.from(text), 'text/plain; charset=utf-8')
    // A key that another one introduced has that statement behind it.
    vkeys.push({ vkey, rotated: text.includes('lelu-key-rotation/v1') })
  }
  await mkdir(join(out, 'proofs'), { mode: 0o700 })
  return vkeys.toSorted((a, b) => Number(a.rotated) - Number(b.rotated)).map(({ vkey }) => vkey)
}

/** As they were announced; a local log has not announced its streams, so the pack does. */
async function announceAll(
  source: LogSource,
  streams: readonly PackedStream[],
  keys: readonly string[],
  put: Put,
): Promise<void> {
  const told = new Map((await source.announcements()).map((one) => [one.stream, one.text]))
  for (const { log, stream, genesis } of streams) {
    const own: Announcement = { v: 1, log, stream, genesis, keys: [...keys], sink: null }
    const text = told.get(stream) ?? `${JSON.stringify(own)}\n`
    await put(streamKey(log, stream), Buffer.from(text), 'application/json')
  }
}

/** A `.tlog-proof` for each drawn decision that a checkpoint covers, with its record as the extra data, and the record beside it. */
async function writeProofs(
  out: string,
  streams: readonly PackedStream[],
  drawn: readonly Drawn[],
): Promise<number> {
  let written = 0
  for (const { stream, checkpoint, leaves } of streams) {
    const mine = drawn.filter((one) => one.stream === stream)
    if (checkpoint === undefined || mine.length === 0) continue
    const prove = proofsIn(leaves.bytes(), checkpoint.size)
    for (const { seq, line } of mine) {
      if (seq >= checkpoint.size) continue
      const proof = { index: seq, hashes: prove(seq), checkpoint: checkpoint.text, extra: line }
      // By its place: the id of a record is data.
      const name = join(out, 'proofs', `${stream}-${seq}`)
      await writeFile(`${name}.tlog-proof`, formatProof(proof))
      await writeFile(`${name}.json`, line)
      written += 1
    }
  }
  return written
}

async function writeTables(
  out: string,
  population: Population,
  streams: readonly PackedStream[],
): Promise<void> {
  await writeFile(join(out, 'population.csv'), population.csv())
  const rows = streams.map(({ log, stream, records, from, to, checkpoint }) =>
    [csvText(log), stream, records, checkpoint?.size ?? 0, csvText(from), csvText(to)].join(','),
  )
  const head = 'log,stream,records,signed,first_time,last_time'
  await writeFile(join(out, 'streams.csv'), `${[head, ...rows].join('\n')}\n`)
}

/** For tools that know one key name a log, such as Go's: the operator's keys as the signers of each stream (type 0x01). */
function streamVkeys(streams: readonly PackedStream[], keys: readonly string[]): string {
  const raws = keys.map((vkey) => parseVkey(vkey).raw)
  const lines = streams.flatMap(({ log, stream }) =>
    raws.map((raw) => `${formatVkey(`${log}/${stream}`, 0x01, raw)}\n`),
  )
  return lines.join('')
}

function nothingThere(source: LogSource, { from, to }: Period): AuditError {
  return new AuditError(
    'LELU_AUDIT_NOT_FOUND',
    `${source.name} holds no records from ${from} to ${to}.`,
    { help: 'Look at what there is with: lelu audit search --limit 1' },
  )
}
