import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AuditError } from '../errors.ts'
import type { LogSource } from '../read/source.ts'
import type { Announcement } from '../sink/announce.ts'
import { directorySink, partialFolder } from '../sink/directory-sink.ts'
import { streamKey } from '../sink/layout.ts'
import type { AuditSink } from '../sink/sink.ts'
import { parseTrustPolicy } from '../tlog/trust-policy.ts'
import { heldObjects } from './held-objects.ts'
import { leftOut } from './left-out.ts'
import { leftOutFolder, type PackFile, packFile } from './pack-file.ts'
import { type PackedKeys, packKeys, policyOf, streamVkeys } from './pack-keys.ts'
import { writeProofs } from './pack-proofs.ts'
import { type EvidencePack, packReadme } from './pack-readme.ts'
import { type PackedStream, packStream } from './pack-stream.ts'
import { countPopulation, type Period, populationFile, within } from './population.ts'
import { createSample } from './sample.ts'
import { streamsFile, streamsTable } from './streams-table.ts'
import { writeSums } from './sums.ts'
import { writeNew } from './write-new.ts'

/** Of what a pack is made, and where it is put. */
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
  /** Told of each stream that is done. */
  onProgress?: (done: { stream: string; streams: number; of: number; records: number }) => void
}

/**
 * Writes what an auditor needs of a period into a folder: the records whole, checkpoints, keys and trust policy, counts
 * of the population, a sample with proofs, how the objects are held, and one command that checks all of it.
 * Throws `LELU_AUDIT_OPTIONS_INVALID`, and `LELU_AUDIT_NOT_FOUND` when there is nothing in that time.
 */
export async function exportEvidence(options: EvidenceOptions): Promise<EvidencePack> {
  const { source, out, sample = 25, onProgress } = options
  const period = periodOf(options)
  if (options.trust !== undefined) parseTrustPolicy(options.trust)
  await makeEmpty(out)
  const pack = directorySink({ directory: out })
  const population = countPopulation(period)
  const drawing = createSample(sample)
  const streams: PackedStream[] = []
  const left = { before: 0, after: 0 }
  // Before anything is looked for: what was recorded until now is there.
  const taken = new Date().toISOString()
  const refs = await source.streams()
  // Before the checkpoints: whoever ends a stream signs it first.
  const owners = await source.owners()
  for (const [index, ref] of refs.entries()) {
    const { stream } = ref
    const outside = await leftOut(source, ref, period)
    if (outside === undefined) {
      const packed = await packStream(source, ref, pack, (record, line, seq) => {
        population.visit(record, { stream, seq })
        if (record.kind !== 'decision' || !within(record, period)) return
        drawing.offer({ id: String(record.id), stream, seq, line })
      })
      if (packed !== undefined) streams.push(packed)
    } else {
      left[outside.side] += 1
      if (outside.side === 'before') await writeLeftOut(out, stream, outside.proof)
    }
    const { records } = population
    onProgress?.({ stream, streams: index + 1, of: refs.length, records })
  }
  if (streams.length === 0) {
    // Else the next try, for another period, would be refused for what this one left.
    await rm(join(out, leftOutFolder), { recursive: true, force: true })
    throw nothingThere(source, period)
  }
  // Behind the records: whoever signed them had told of the key.
  const keys = await packKeys(source, pack)
  await announceAll(source, streams, keys, pack)
  await writePackFile(out, {
    ...{ v: 1, ...period, source: source.kind, taken, done: new Date().toISOString() },
    streams: streams.map((one) => contentsOf(one, owners?.has(one.stream) === true)),
    later: left.after,
    damage: [...(await source.anomalies()), ...streams.flatMap(({ damage }) => damage)],
  })

  const trust = options.trust ?? policyOf(keys)
  const result: EvidencePack = {
    ...{ directory: out, period, streams: streams.length, leftOut: left.before + left.after },
    records: population.records,
    decisions: population.decisions,
    sampled: await writeProofs(out, streams, drawing.drawn),
    unsigned: streams.reduce((sum, one) => sum + unsignedOf(one), 0),
    roots: keys.roots.length,
  }
  await writeNew(join(out, populationFile), population.csv())
  await writeNew(join(out, streamsFile), streamsTable(streams.map(rowOf)))
  if (trust !== undefined) await writeNew(join(out, 'policy.txt'), trust)
  await writeNew(join(out, 'vkeys.txt'), streamVkeys(streams, keys))
  const names = [...streams.map(({ stream }) => stream), ...keys.ids]
  const held = await heldObjects(source, new Set(names))
  await writeNew(join(out, 'retention.json'), `${JSON.stringify(held, null, 2)}\n`)
  const readme = packReadme({ ...result, source: source.name, hasPolicy: trust !== undefined })
  await writeNew(join(out, 'README.md'), readme)
  await rm(join(out, partialFolder), { recursive: true, force: true })
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

async function writeLeftOut(out: string, stream: string, proof: string): Promise<void> {
  await mkdir(join(out, leftOutFolder), { recursive: true, mode: 0o700 })
  await writeNew(join(out, leftOutFolder, `${stream}.tlog-proof`), proof)
}

async function writePackFile(out: string, told: PackFile): Promise<void> {
  await writeNew(join(out, packFile), `${JSON.stringify(told, null, 2)}\n`)
}

function contentsOf({ stream, records, checkpoint, leaves }: PackedStream, open: boolean) {
  const last = leaves.bytes().subarray(-32)
  return {
    stream,
    records,
    leaf: last.toString('base64'),
    signed: checkpoint?.size ?? 0,
    root: checkpoint?.root.toString('base64') ?? null,
    open,
  }
}

/** As they were announced; a local log has not announced its streams, so the pack does. */
async function announceAll(
  source: LogSource,
  streams: readonly PackedStream[],
  { texts }: PackedKeys,
  pack: AuditSink,
): Promise<void> {
  // The announcements of an archive are copied; one that is missing there is missing here.
  const told = new Map((await source.announcements()).map((one) => [one.stream, one.text]))
  for (const { log, stream, genesis } of streams) {
    const own: Announcement = { v: 1, log, stream, genesis, keys: texts, sink: null }
    const made = source.kind === 'folder' ? `${JSON.stringify(own)}\n` : undefined
    const text = told.get(stream) ?? made
    if (text === undefined) continue
    await pack.put(streamKey(log, stream), Buffer.from(text), 'application/json')
  }
}

const unsignedOf = ({ records, checkpoint }: PackedStream): number =>
  Math.max(0, records - (checkpoint?.size ?? 0))

const rowOf = ({ log, stream, records, from, to, checkpoint }: PackedStream) => ({
  ...{ log, stream, records, from, to },
  signed: checkpoint?.size ?? 0,
})

function nothingThere(source: LogSource, { from, to }: Period): AuditError {
  return new AuditError(
    'LELU_AUDIT_NOT_FOUND',
    `${source.name} holds no records from ${from} to ${to}.`,
    { help: 'Look at what there is with: lelu audit search --limit 1' },
  )
}
