import {
  canaryPrefix,
  checkpointKey,
  logKeyKey,
  parseArchiveKey,
  segmentKey,
  streamKey,
} from '../sink/layout.ts'
import type { AuditSink, SinkObject } from '../sink/sink.ts'
import { aheadOf } from './ahead.ts'
import { unpackMember } from './gzip-member.ts'
import {
  type Anomaly,
  type LogSource,
  SegmentDamage,
  type SourceSegment,
  type StreamRef,
} from './source.ts'

type Listed = {
  ref: StreamRef
  segments: SourceSegment[]
  checkpoints: { size: number; stored: number | undefined }[]
}
type Small = { key: string; log: string; name: string; stored: number | undefined }
type Listing = {
  streams: Map<string, Listed>
  announced: Small[]
  keys: Small[]
  anomalies: Anomaly[]
}

/** So many small objects, and so many segments, are fetched before they are asked for. */
const smallAhead = 16
const segmentsAhead = 3

/** An archive in any sink. It is listed once; what is added later belongs to the next verification. `log` reads that one alone. */
export function archiveSource(sink: AuditSink, { log: only }: { log?: string } = {}): LogSource {
  let listing: Promise<Listing> | undefined
  const listed = () => {
    listing ??= list(sink, only)
    return listing
  }
  const one = async ({ log, stream }: StreamRef) =>
    (await listed()).streams.get(idOf(log as string, stream))

  async function* texts(smalls: readonly Small[]) {
    for await (const [small, bytes] of aheadOf(smalls, smallAhead, ({ key }) => sink.get(key))) {
      yield { ...small, text: bytes?.toString() ?? '' }
    }
  }

  return {
    kind: 'archive',
    name: sink.name,
    async streams() {
      const age = ({ stream }: StreamRef) => `${stream.slice(-26)}${stream}`
      const refs = [...(await listed()).streams.values()].map(({ ref }) => ref)
      return refs.sort((a, b) => (age(a) < age(b) ? -1 : 1))
    },
    segments: async (ref) => ({ segments: (await one(ref))?.segments ?? [], others: [] }),
    read: reader(sink, one),
    async *checkpoints(ref) {
      const listed = (await one(ref))?.checkpoints ?? []
      const get = ({ size }: { size: number }) =>
        sink.get(checkpointKey(ref.log as string, ref.stream, size))
      for await (const [{ size }, bytes] of aheadOf(listed, smallAhead, get)) {
        yield { file: `cp/${String(size).padStart(16, '0')}`, size, text: bytes?.toString() ?? '' }
      }
    },
    async keys() {
      const found = []
      for await (const { log, name, text } of texts((await listed()).keys)) {
        found.push({ log, file: `keys/${name}`, text })
      }
      return found
    },
    async announcements() {
      const found = []
      for await (const { log, name, text, stored } of texts((await listed()).announced)) {
        found.push({ log, stream: name, file: `streams/${name}.json`, text, stored })
      }
      return found
    },
    owners: async () => undefined,
    anomalies: async () => (await listed()).anomalies,
    async *retentions(wanted) {
      const objects: { key: string; stream: string; file: string; stored: number | undefined }[] =
        []
      const { streams, announced, keys } = await listed()
      for (const { key, name, stored } of [...announced, ...keys]) {
        if (wanted?.has(name) === false) continue
        objects.push({ key, stream: '', file: key, stored })
      }
      for (const { ref, segments, checkpoints } of streams.values()) {
        const [log, stream] = [ref.log as string, ref.stream]
        if (wanted?.has(stream) === false) continue
        for (const { file, firstSeq, stored } of segments) {
          objects.push({ key: segmentKey(log, stream, firstSeq), stream, file, stored })
        }
        for (const { size, stored } of checkpoints) {
          const key = checkpointKey(log, stream, size)
          objects.push({ key, stream, file: key.slice(key.lastIndexOf('cp/')), stored })
        }
      }
      for await (const [{ stream, file, stored }, retention] of aheadOf(
        objects,
        smallAhead,
        ({ key }) => sink.retention(key),
      )) {
        yield { stream, file, stored, retention }
      }
    },
  }
}

/** Segments are read one after the other: the next ones are fetched and unpacked while one is hashed. */
function reader(
  sink: AuditSink,
  one: (ref: StreamRef) => Promise<Listed | undefined>,
): LogSource['read'] {
  const fetching = new Map<string, ReturnType<typeof fetchSegment>>()
  const start = (ref: StreamRef, { firstSeq }: SourceSegment) => {
    const key = segmentKey(ref.log as string, ref.stream, firstSeq)
    const running = fetching.get(key) ?? fetchSegment(sink, key)
    running.catch(() => {}) // may never be asked for
    fetching.set(key, running)
    return { key, running }
  }
  return async function* read(ref, segment, { offset = 0, alone = false } = {}) {
    const { key, running } = start(ref, segment)
    const all = (await one(ref))?.segments ?? []
    const at = alone ? all.length : all.indexOf(segment)
    for (const next of all.slice(at + 1, at + 1 + segmentsAhead)) start(ref, next)
    const { bytes, damage } = await running.finally(() => fetching.delete(key))
    yield bytes.subarray(offset)
    // Behind the content, so that what could be read is walked and only the rest is missing.
    if (damage !== undefined) throw damage
  }
}

async function fetchSegment(sink: AuditSink, key: string) {
  const packed = await sink.get(key)
  if (packed !== undefined) return unpackMember(packed)
  const damage = new SegmentDamage('gap', 'the segment was listed, and is gone')
  return { bytes: Buffer.alloc(0), damage }
}

const idOf = (log: string, stream: string): string => `${log} ${stream}`

async function list(sink: AuditSink, only: string | undefined): Promise<Listing> {
  const found: Listing = { streams: new Map(), announced: [], keys: [], anomalies: [] }
  const { anomalies } = found
  for await (const object of sink.list(only === undefined ? 'v1/' : `v1/${only}/`)) {
    const { key, modified } = object
    if (key.startsWith(canaryPrefix)) continue
    const parsed = parseArchiveKey(key)
    if (parsed === undefined) {
      const message = `${key} is no object of an archive`
      anomalies.push({ code: 'foreign_file', stream: '', file: key, message })
      continue
    }
    if (only !== undefined && parsed.log !== only) continue
    const stream = 'stream' in parsed ? parsed.stream : ''
    const stored = modified === null ? undefined : Date.parse(modified)
    anomalies.push(...anomaliesOf(object, stream))
    if (parsed.kind === 'key')
      found.keys.push({
        key: logKeyKey(parsed.log, parsed.keyId),
        log: parsed.log,
        name: parsed.keyId,
        stored,
      })
    else if (parsed.kind === 'stream')
      found.announced.push({
        key: streamKey(parsed.log, stream),
        log: parsed.log,
        name: stream,
        stored,
      })
    else {
      const id = idOf(parsed.log, stream)
      const entry = found.streams.get(id) ?? {
        ref: { log: parsed.log, stream },
        segments: [],
        checkpoints: [],
      }
      found.streams.set(id, entry)
      if (parsed.kind === 'checkpoint') entry.checkpoints.push({ size: parsed.size, stored })
      else
        entry.segments.push({
          file: key.slice(key.lastIndexOf('seg/')),
          firstSeq: parsed.firstSeq,
          stored,
        })
    }
  }
  return found
}

/** An archive is written once: whatever happened to an object later was somebody's attempt to change the past. */
function anomaliesOf({ key, versions, hidden }: SinkObject, stream: string): Anomaly[] {
  const at = { stream, file: key }
  if (hidden)
    return [{ ...at, code: 'hidden', message: `${key} was deleted: a delete marker hides it` }]
  if (versions === 1) return []
  return [{ ...at, code: 'rewritten', message: `${key} was written ${versions} times` }]
}
