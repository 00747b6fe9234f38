import type { ExportedRecord } from './exported.ts'
import type { ForwardTarget } from './target.ts'

export type Refused = { record: ExportedRecord; why: string }

/** What one try came to. With `later` nothing of the batch counts as sent. */
export type Delivered = {
  taken: number
  refused: Refused[]
  later?: { why: string; afterMs?: number }
}

export type DeliverOptions = {
  to: ForwardTarget
  signal?: AbortSignal | undefined
  /** The receiver took records, and says that it does not keep so many of them. */
  onNote: (note: string | undefined, rejected: number) => void
}

/**
 * Sends a batch once. What the receiver refuses is halved, down to the single records it will not have. When it
 * refuses every one, the fault is more likely its own, or the URL's: that is an outage, and no record is given up.
 */
export async function deliver(
  records: readonly ExportedRecord[],
  options: DeliverOptions,
): Promise<Delivered> {
  if (records.length === 0) return { taken: 0, refused: [] } // nothing but oddities
  const delivered = await halve(records, options)
  const [first] = delivered.refused
  if (delivered.later !== undefined || delivered.taken > 0 || first === undefined) return delivered
  return { taken: 0, refused: [], later: { why: `it refuses everything: ${first.why}` } }
}

async function halve(
  records: readonly ExportedRecord[],
  options: DeliverOptions,
): Promise<Delivered> {
  const result = await options.to.send(records, options.signal)
  if (result.status === 'later') return { taken: 0, refused: [], later: result }
  if (result.status === 'taken') {
    const { rejected = 0, note } = result
    if (rejected > 0 || note !== undefined) options.onNote(note, rejected)
    return { taken: records.length, refused: [] }
  }
  const [only] = records
  if (only === undefined) return { taken: 0, refused: [] }
  if (records.length === 1) return { taken: 0, refused: [{ record: only, why: result.why }] }
  const middle = records.length >> 1
  const first = await halve(records.slice(0, middle), options)
  if (first.later !== undefined) return first
  const second = await halve(records.slice(middle), options)
  const refused = [...first.refused, ...second.refused]
  return { ...second, taken: first.taken + second.taken, refused }
}
