import { createHmac } from 'node:crypto'
import { AuditError } from '../errors.ts'
import type { Opening } from './commit.ts'
import { folderOpenings } from './folder-openings.ts'
import { openingHolds } from './opening-holds.ts'
import { openingsQueue, type QueueLimits, queueLimits, quietMs } from './openings-queue.ts'
import { type OpeningsStore, subjectPattern } from './openings-store.ts'
import { openLine } from './sealed-line.ts'

/** The person that data is about. The same id in another tenant is another person. */
export type DataSubject = { id: string; tenant?: string }

/** `erased`: on request. `missing`: they were not kept, are not on disk yet, or are kept elsewhere. */
export type Revealed = {
  status: 'shown' | 'erased' | 'missing'
  /** Those that hold: each shows the value that the record committed to. */
  openings: Opening[]
  /** How many do not hold: somebody has changed the record or what is kept. */
  altered: number
}

/** `keys` is how many were deleted; `erased` RFC 3339 UTC. */
export type Erased = { data_subject: string; erased: string; keys: number }

/** The openings of commitments, encrypted for each subject: what makes a record's values visible, until they are erased. */
export interface Openings {
  /** What stands for a subject in records and in the store; undefined as long as the store's secret cannot be read. */
  hashOf(subject: DataSubject): string | undefined
  /** Takes the openings of a decision, to be written within a second; without a subject's hash they are lost. Never throws and never waits. */
  keep(subject: string | undefined, decision: string, openings: readonly Opening[]): void
  /** Decisions whose openings could not be kept: their values cannot be shown, their commitments stay valid. */
  readonly lost: number
  flush(): Promise<void>
  /** Shows what a record has committed to. */
  reveal(record: object): Promise<Revealed>
  /** Deletes the keys and openings of a subject, for all processes. Can be repeated; must be, when it was cut off. */
  erase(subject: DataSubject): Promise<Erased>
  /** Writes what waits. Never throws. */
  close(): Promise<void>
}

/** Where openings are kept. */
export type OpeningsOptions = {
  /** The folder that holds them, outside the log's. */
  directory: string
  /** Whether it may be made and written. Default true. */
  write?: boolean
  /** Another place than the folder. */
  store?: OpeningsStore
  /** Epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** Subjects whose hash is remembered. */
const maxHashes = 4096
const retryMs = 1000

/** Opens a folder of openings. A folder that cannot be used is no error here: see `lost`. */
export async function openOpenings(options: OpeningsOptions): Promise<Openings> {
  return openingsOver(options.store ?? folderOpenings(options.directory), options)
}

/** As `openOpenings`, with other limits. */
export async function openingsOver(
  store: OpeningsStore,
  { write = true, now = Date.now }: Pick<OpeningsOptions, 'write' | 'now'>,
  limits: QueueLimits = queueLimits,
): Promise<Openings> {
  const queue = openingsQueue(store, now, limits)
  const hashes = new Map<string, string>()
  let secret: Buffer | undefined
  let failure: unknown = 'it is open for reading only'
  let triedAt = Number.NEGATIVE_INFINITY

  async function load(): Promise<void> {
    triedAt = performance.now()
    secret = await store.secret(true)
  }
  const loadInVain = (error: unknown) => {
    failure = error
  }
  if (write) await load().catch(loadInVain)

  function hashOf({ tenant = 'default', id }: DataSubject): string | undefined {
    if (secret === undefined) {
      const isDue = write && performance.now() - triedAt >= retryMs
      if (isDue) void load().catch(loadInVain)
      return undefined
    }
    const text = JSON.stringify([tenant, id])
    const known = hashes.get(text)
    if (known !== undefined) return known
    // Keyed: the log is for ever, and a bare hash of a guessable id would name the person in it.
    const mac = createHmac('sha256', secret).update(`lelu.subject.v1\n${text}`).digest('hex')
    if (hashes.size >= maxHashes) hashes.clear()
    const hash = mac.slice(0, 32)
    hashes.set(text, hash)
    return hash
  }

  return {
    hashOf,
    keep(subject, decision, openings) {
      if (subject === undefined) queue.lose(1, failure)
      else queue.add(subject, decision, openings)
    },
    get lost() {
      return queue.lost
    },
    flush: () => queue.flush(),
    reveal: (record) => reveal(store, record),
    async erase(subject) {
      secret ??= await store.secret(false)
      const hash = hashOf(subject)
      if (hash === undefined) throw noOpenings(store)
      // In this order: whoever makes a key from now on sees the mark; the keys before the lines, for without them these say nothing.
      const at = now()
      await store.markErased(hash, at)
      const keys = await store.removeKeys(hash)
      await store.removeLines(hash)
      return { data_subject: hash, erased: new Date(at).toISOString(), keys }
    },
    close: () => queue.close(),
  }
}

async function reveal(store: OpeningsStore, record: object): Promise<Revealed> {
  const { id, ts, data_subject: subject } = record as Record<string, unknown>
  if (typeof id !== 'string' || typeof subject !== 'string' || !subjectPattern.test(subject)) {
    return { status: 'missing', openings: [], altered: 0 }
  }
  // From the store each time: a key that this process remembers may have been deleted.
  for (const [name, key] of await store.keys(subject)) {
    for await (const line of store.lines(subject, name)) {
      const kept = openLine(key, subject, id, line)
      if (kept === undefined) continue
      const openings = kept.filter((opening) => openingHolds(record, opening))
      return { status: 'shown', openings, altered: kept.length - openings.length }
    }
  }
  const erased = await store.erasedAt(subject)
  const isErased = erased !== undefined && Date.parse(String(ts)) <= erased + quietMs
  return { status: isErased ? 'erased' : 'missing', openings: [], altered: 0 }
}

function noOpenings({ name }: OpeningsStore): AuditError {
  return new AuditError('LELU_AUDIT_NOT_FOUND', `There are no openings at ${name}.`, {
    help: 'Name the directory of the engine that recorded the decisions; each keeps its own.',
  })
}
