import { beginsFrom } from '../evidence/left-out.ts'
import { leftOutFolder, type PackFile, packFile, parsePackFile } from '../evidence/pack-file.ts'
import { lastRecord } from '../read/last-record.ts'
import { parseRecord } from '../read/read.ts'
import { type LogSource, SegmentDamage, type StoredExcerpt } from '../read/source.ts'
import { leafBytes } from '../record/line.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { parseProof } from '../tlog/proof.ts'
import { verifyInclusion } from '../tlog/verify-proofs.ts'
import type { Claim, Claims } from './claims.ts'
import { arrivalMs } from './missing.ts'
import { exitCodes, type Problem, problemAt } from './report.ts'
import { originParts, type Trust } from './trust.ts'

/** The evidence of a period: a part of a log, that leaves out what it can show to lie outside. */
export type Excerpt = {
  pack: PackFile
  stored: StoredExcerpt
  problems: Problem[]
  /** When what is claimed had to be there: epoch milliseconds. */
  now: number
  /** How many streams are shown to have ended before the period. */
  earlier: number
  /** Whether a stream was not ended when it was copied, and may lack its last checkpoint. */
  isOpen(stream: string): boolean
  /** Whether a record was written while the pack was: it may speak of others that were copied before. */
  isMeanwhile(claim: Claim): boolean
  /** Whether a stream that is spoken of lies outside of the period. */
  isOutside(stream: string, claim: Claim): boolean
}

/** Records of a longer time are never passed over, whatever a pack says of itself. */
const longestTakingMs = 3_600_000

/**
 * When the newest record of all was written, epoch milliseconds. A pack that says that it was taken before that would have
 * what its records say of others passed over, and lack a stream that they have seen.
 */
async function newestTime(source: LogSource): Promise<number> {
  let newest = Number.NEGATIVE_INFINITY
  for (const ref of await source.streams()) {
    const last = await lastRecord(source, ref).catch((error) => {
      if (error instanceof SegmentDamage) return undefined // the walk names it
      throw error
    })
    const time = Date.parse(last?.ts ?? '')
    if (time > newest) newest = time
  }
  return newest
}

/** What a pack says of itself, with what of it can be proven. Undefined for a whole log. */
export async function readExcerpt(
  source: LogSource,
  trust: Trust,
): Promise<Excerpt | { problems: Problem[] } | undefined> {
  const stored = await source.excerpt?.()
  if (stored === undefined) return undefined
  const pack = parsePackFile(stored.text)
  if (pack === undefined) {
    const message = 'what the pack says of itself is not as it was written'
    return { problems: [problemAt('edited', { stream: '', file: packFile }, message)] }
  }
  const problems = pack.damage.map(({ code, message, ...place }) =>
    problemAt(Object.hasOwn(exitCodes, code) ? code : 'edited', place, message),
  )
  const ended = await provenEnds(stored, pack, trust, problems)
  const open = new Set(pack.streams.filter((one) => one.open).map(({ stream }) => stream))
  const said = Date.parse(pack.taken)
  const done = Math.min(Date.parse(pack.done), said + longestTakingMs)
  const taken = Math.max(said, (await newestTime(source)) - longestTakingMs)
  return {
    pack,
    stored,
    problems,
    // In a folder everything is there at once.
    now: pack.source === 'archive' ? taken : taken + arrivalMs,
    earlier: ended.size,
    isOpen: (stream) => open.has(stream),
    isMeanwhile({ by }) {
      const at = Date.parse(by?.ts ?? '')
      return at >= taken && at <= done
    },
    isOutside(stream, { seq, leaf }) {
      if (beginsFrom(stream, pack.to)) return true
      const last = ended.get(stream)
      if (last === undefined || (seq ?? -1) > last.seq) return false
      return seq !== last.seq || leaf === null || leaf === last.leaf
    },
  }
}

/** Adds what the pack says it holds: whatever is taken out of it later is missed. */
export function keepContents({ pack }: Excerpt, claims: Claims): void {
  const kept = { who: packFile, by: undefined, last: false }
  for (const { stream, records, leaf, signed, root } of pack.streams) {
    if (records > 0) {
      claims.add(stream, { ...kept, seq: records - 1, leaf, root: null, signed: false })
    }
    if (signed > 0 && root !== null) {
      claims.add(stream, { ...kept, seq: signed - 1, leaf: null, root, signed: true })
    }
  }
}

type End = { seq: number; leaf: string }

/** The streams of which it is proven that they were closed before the period. */
async function provenEnds(
  { proofs }: StoredExcerpt,
  { from }: PackFile,
  trust: Trust,
  problems: Problem[],
): Promise<Map<string, End>> {
  const ended = new Map<string, End>()
  for await (const { stream, text } of proofs) {
    const file = `${leftOutFolder}/${stream}.tlog-proof`
    const proof = parseProof(text)
    const checkpoint = parseCheckpoint(proof?.checkpoint ?? '')
    const record = parseRecord(proof?.extra?.toString() ?? '')
    const judged = checkpoint && trust.judge(checkpoint)
    if (!proof?.extra || checkpoint === undefined || record === undefined) {
      const message = 'it is no proof of a record'
      problems.push(problemAt('edited', { stream: '', file }, message))
      continue
    }
    if (judged?.trusted !== true) {
      const message = `it is not signed by whom is trusted: ${judged?.why}`
      problems.push(problemAt('bad_signature', { stream: '', file }, message))
      continue
    }
    const { index, hashes } = proof
    const { size, root } = checkpoint
    const leaf = leafBytes(proof.extra)
    const included = verifyInclusion({ leaf, index, size, proof: hashes, root })
    const origin = originParts(checkpoint.origin)
    const isItsLast =
      [stream, origin.stream].every((one) => one === record.stream) && index === size - 1
    if (!included || !isItsLast || record.kind !== 'close' || !(record.ts < from)) {
      const message = 'it does not show that the stream was closed before the period'
      problems.push(problemAt('bad_root', { stream: '', file }, message))
      continue
    }
    ended.set(stream, { seq: index, leaf: leaf.toString('base64') })
  }
  return ended
}
