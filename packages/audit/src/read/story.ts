import { AuditError } from '../errors.ts'
import { checkpointSize } from './checkpoint-size.ts'
import type { FoundRecord } from './scan.ts'
import { type ScanProgress, scanLog } from './scan-log.ts'
import { type CallSummary, groupCalls } from './story-calls.ts'
import { idOf, needleOf, type StoryKey, storyKeys, subjectKey } from './story-keys.ts'
import { inOrder, type StoryRecord, withoutCopies } from './story-order.ts'

/** Whose story is looked for, and in which log. */
export type StoryOptions = {
  directory: string
  /** Of a decision, an approval, a token (`jti`), an attempt, a record, or the framework's own id of the call. */
  id: string
  signal?: AbortSignal
  onProgress?: (progress: ScanProgress) => void
}

/** One call from proposal to outcome; or, when several calls share the id that was asked for, which ones. */
export type Story = { records: StoryRecord[] } | { calls: CallSummary[]; more: boolean }

/** Ids lead to further ids (decision, approval, the decision before an edit); a log that leads on and on is forged. */
const mostPasses = 8

/**
 * The whole story of one call over all streams, in the order it happened. Reads the log two or three times, in
 * constant memory but for the story. Throws `LELU_AUDIT_NOT_FOUND` for an id that is nowhere in it.
 */
export async function findStory(options: StoryOptions): Promise<Story> {
  const { id, signal } = options
  const first = await firstLook(options)
  signal?.throwIfAborted()
  if (first.alone !== undefined) return told(options, [toStory(first.alone)])
  let keys = first.keys
  if (keys.size === 0) {
    const { calls, more } = first.grouped
    const [only] = calls
    if (only === undefined) throw notFound(id)
    if (calls.length > 1) return { calls: calls.map(({ keys: _, ...call }) => call), more }
    keys = new Set(only.keys)
  }
  for (let pass = 0; pass < mostPasses; pass += 1) {
    const known = keys
    const found = await gather(options, known)
    signal?.throwIfAborted() // half a story must not pass for one
    keys = found.keys
    if (keys.size === known.size)
      return told(options, withoutCopies(inOrder(ofTheCall(found.records))))
  }
  throw new AuditError('LELU_AUDIT_RECORD_INVALID', `The records about ${id} lead on and on.`, {
    help: 'No call has so many ids. Run `lelu audit verify`.',
  })
}

async function told({ directory }: StoryOptions, records: StoryRecord[]): Promise<Story> {
  for (const stream of new Set(records.map((one) => one.stream))) {
    const size = await checkpointSize(directory, stream)
    if (size === undefined) continue
    for (const one of records) {
      if (one.stream === stream && one.seq < size) one.checkpoint = size
    }
  }
  return { records }
}

/** What the id is: keys where it names a part of one call, calls where it is a framework's own, or a record alone. */
async function firstLook(options: StoryOptions) {
  const { id } = options
  const keys = new Set<StoryKey>()
  const grouped = groupCalls()
  let alone: FoundRecord | undefined
  for await (const one of scanFor(options, [Buffer.from(`:${JSON.stringify(id)}`)])) {
    const mine = storyKeys(one.record)
    const named = one.record.id === id || mine.some((key) => idOf(key) === id)
    if (named && mine.length === 0) alone = one
    else if (named) for (const key of mine) keys.add(key)
    else if (one.record.call === id) grouped.add(one, mine)
  }
  return { keys, grouped: grouped.result(), alone: keys.size === 0 ? alone : undefined }
}

/** All records that share a key with the known ones, and the keys they add. */
async function gather(options: StoryOptions, known: ReadonlySet<StoryKey>) {
  const keys = new Set(known)
  const records: StoryRecord[] = []
  for await (const one of scanFor(options, [...known].map(needleOf))) {
    const mine = storyKeys(one.record)
    if (!mine.some((key) => keys.has(key))) continue
    for (const key of [...mine, subjectKey(one.record) ?? []].flat()) keys.add(key)
    records.push(toStory(one))
  }
  return { keys, records }
}

/** Without what was erased before the call was recorded: that was other data of the same person. */
function ofTheCall(records: readonly StoryRecord[]): StoryRecord[] {
  const times = records
    .filter(({ record }) => record.kind === 'decision')
    .map(({ record }) => record.ts)
  const [first = ''] = times.sort()
  return records.filter(({ record }) => {
    const { kind, erased } = record as { kind: string; erased?: unknown }
    return kind !== 'erasure' || String(erased) >= first
  })
}

function scanFor({ directory, signal, onProgress }: StoryOptions, needles: readonly Buffer[]) {
  return scanLog({ directory, needles: [needles], signal, onProgress })
}

function toStory({ record, raw, stream, leaf }: FoundRecord): StoryRecord {
  return { record, raw, stream, seq: record.seq, leaf, copies: [], checkpoint: null }
}

function notFound(id: string): AuditError {
  return new AuditError('LELU_AUDIT_NOT_FOUND', 'The log has no record of this id.', {
    help: 'Pass the id of a decision, an approval, a token (jti) or a call; `lelu audit search` finds them.',
    details: { id },
  })
}
