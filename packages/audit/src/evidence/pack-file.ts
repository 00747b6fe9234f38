import type { Anomaly } from '../read/source.ts'
import type { Period } from './population.ts'

/** In the root of a pack: what part of a log it is. */
export const packFile = 'pack.json'
/** Below it lies the last record of each stream that is left out because it had ended before the period. */
export const leftOutFolder = 'left-out'

/** What a pack says of itself. None of it is signed: the verifier takes from it what makes it stricter, and proves the rest. */
export type PackFile = Period & {
  v: 1
  /** What it was taken from: of an archive the newest records may not have arrived. */
  source: 'folder' | 'archive'
  /** When reading began and ended, ISO 8601: what was recorded in between may speak of records that were read before. */
  taken: string
  done: string
  /**
   * What each stream has: `leaf` is the hash of its last record, `root` that of its newest checkpoint. `open`: its
   * process had not ended it; what stands behind the checkpoint could not be signed yet.
   */
  streams: {
    stream: string
    records: number
    leaf: string
    signed: number
    root: string | null
    open: boolean
  }[]
  /** Streams that are left out because they began after the period. */
  later: number
  /** What was wrong with the log where it was taken from, and cannot be seen in a copy of its records. */
  damage: Anomaly[]
}

/** Undefined for what is no such file. */
export function parsePackFile(text: string): PackFile | undefined {
  let told: Partial<PackFile> | null
  try {
    told = JSON.parse(text) as Partial<PackFile> | null
  } catch {
    return undefined
  }
  const { v, from, to, taken, done, source, streams, later, damage } = told ?? {}
  const times = [from, to, taken, done].every((time) => isTime(time))
  const shaped = v === 1 && (source === 'folder' || source === 'archive') && isCount(later)
  if (!times || !shaped || !Array.isArray(streams) || !Array.isArray(damage)) return undefined
  const listed = streams.every(
    (one) =>
      [one?.stream, one?.leaf].every(isText) &&
      [one?.records, one?.signed].every(isCount) &&
      typeof one.open === 'boolean' &&
      (one.root === null || isText(one.root)),
  )
  const named = damage.every((one) =>
    [one?.code, one?.stream, one?.file, one?.message].every(isText),
  )
  return listed && named ? (told as PackFile) : undefined
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0

/** As `toISOString` writes them, so that they compare as texts. */
function isTime(value: unknown): boolean {
  const time = new Date(isText(value) ? value : Number.NaN)
  return !Number.isNaN(time.getTime()) && time.toISOString() === value
}
