import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { newUlid } from '../record/ulid.ts'
import { within } from '../write/deadline.ts'
import type { Opening } from './commit.ts'
import type { OpeningsStore } from './openings-store.ts'
import { sealLine } from './sealed-line.ts'

/** Openings on their way to the store. Nobody waits for them, and no failure reaches a decision. */
export type OpeningsQueue = {
  add(subject: string, decision: string, openings: readonly Opening[]): void
  /** Writes what waits, once. */
  flush(): Promise<void>
  /** Counts decisions whose openings could not be kept. */
  lose(decisions: number, cause: unknown): void
  readonly lost: number
  /** Ends it: what cannot be written by then is lost. */
  close(): Promise<void>
}

/** What tests make small. */
export type QueueLimits = {
  flushMs: number
  /** Decisions, and bytes of their openings, that may wait. */
  maxDecisions: number
  maxBytes: number
  /** How long the store may take nothing, while the last flush is under way. */
  closeMs: number
}

export const queueLimits: QueueLimits = {
  flushMs: 250,
  maxDecisions: 100_000,
  maxBytes: 64 * 1024 * 1024,
  closeMs: 2000,
}

/**
 * How long after an erasure nothing is kept of the subject: what another process had decided before, and was about to
 * write, is then never mistaken for new data. Longer than the clocks of two machines differ.
 */
export const quietMs = 60_000

/** As a text: what is alive for a quarter of a second is copied by several garbage collections. */
type Waiting = { decision: string; text: string; at: number }
/** `erased`: the erasure it was made after, if any. With another one since, it is deleted. */
type OwnKey = { name: string; key: Buffer; erased: number | undefined }

/** Subjects whose key is remembered. Forgetting one only costs another key. */
const maxOwnKeys = 4096

/** What goes into one line: enough to share the cost of sealing it, and little enough that nobody waits for it. */
const batchDecisions = 64
const batchBytes = 256 * 1024

/** Subjects that are written side by side by who closes. Before, decisions want the same few threads, and go first. */
const closingWidth = 4
/** So many times as long as a store may take nothing, the last flush may take. */
const closingDeadlines = 5

function* batchesOf(items: readonly Waiting[]): Iterable<Waiting[]> {
  let batch: Waiting[] = []
  let size = 0
  for (const item of items) {
    batch.push(item)
    size += item.text.length
    if (batch.length < batchDecisions && size < batchBytes) continue
    yield batch
    batch = []
    size = 0
  }
  if (batch.length > 0) yield batch
}

export function openingsQueue(
  store: OpeningsStore,
  now: () => number,
  limits: QueueLimits = queueLimits,
): OpeningsQueue {
  let waiting = new Map<string, Waiting[]>()
  let count = 0
  let bytes = 0
  let lost = 0
  /** Decisions that wait or are being written. */
  let unwritten = 0
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<void> | undefined
  let closed = false
  const ownKeys = new Map<string, OwnKey>()

  function lose(decisions: number, cause: unknown): void {
    if (lost === 0 && decisions > 0) {
      process.emitWarning(
        `The values behind recorded commitments cannot be kept in ${store.name} (${String(cause)}). Decisions go on and their commitments stay valid, but these values cannot be shown later.`,
        { code: 'LELU_AUDIT_OPENINGS_LOST' },
      )
    }
    lost += decisions
  }

  /** A key that no erasure has come after; made when there is none. Undefined when one came right now. */
  async function keyFor(subject: string, erased: number | undefined): Promise<OwnKey | undefined> {
    const known = ownKeys.get(subject)
    if (known !== undefined && known.erased === erased) return known
    ownKeys.delete(subject)
    const made = { name: newUlid(Date.now()), key: randomBytes(32), erased }
    await store.addKey(subject, made.name, made.key)
    // An erasure marks first and deletes then, this makes first and looks then: one of the two sees the other.
    if ((await store.erasedAt(subject)) !== erased) {
      await store.removeKeys(subject, made.name)
      return undefined
    }
    ownKeys.set(subject, made)
    const [oldest] = ownKeys.keys()
    if (ownKeys.size > maxOwnKeys && oldest !== undefined) ownKeys.delete(oldest)
    return made
  }

  async function write(subject: string, items: readonly Waiting[]): Promise<void> {
    const erased = await store.erasedAt(subject)
    const since = erased === undefined ? Number.NEGATIVE_INFINITY : erased + quietMs
    const kept = items.filter(({ at }) => at > since)
    if (kept.length === 0) return // erased: not lost, but as it was asked for
    const own = await keyFor(subject, erased)
    if (own === undefined) return write(subject, kept)
    const lines: string[] = []
    for (const batch of batchesOf(kept)) {
      lines.push(sealLine(own.key, subject, batch))
      await setImmediate() // decisions go first
    }
    await store.append(subject, own.name, Buffer.from(lines.join('')))
  }

  async function keep(subject: string, items: readonly Waiting[]): Promise<void> {
    try {
      await write(subject, items)
    } catch (error) {
      // Whatever stands half in that file stays alone there: further lines go to a file of their own.
      ownKeys.delete(subject)
      lose(items.length, error)
    } finally {
      unwritten -= items.length
    }
  }

  async function flushAll(): Promise<void> {
    const batch = [...waiting]
    waiting = new Map()
    count = 0
    bytes = 0
    for (let at = 0; at < batch.length; ) {
      const together = batch.slice(at, at + (closed ? closingWidth : 1))
      at += together.length
      await Promise.all(together.map(([subject, items]) => keep(subject, items)))
    }
  }

  /** Whether all of it was written, by a store that gets on. */
  async function flushLast(): Promise<boolean> {
    const done = flush().then(() => true)
    for (let tries = 0; tries < closingDeadlines; tries += 1) {
      const before = unwritten
      if (await within(limits.closeMs, done).catch(() => false)) return true
      if (unwritten === before) return false
    }
    return false
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    flushing = (flushing ?? Promise.resolve()).then(flushAll)
    return flushing
  }

  return {
    lose,
    flush,
    get lost() {
      return lost
    },
    add(subject, decision, openings) {
      let text: string
      try {
        text = JSON.stringify(openings)
      } catch (error) {
        lose(1, error) // what is no JSON must not fail a decision
        return
      }
      if (closed || count >= limits.maxDecisions || bytes + text.length > limits.maxBytes) {
        lose(1, closed ? 'it is closed' : 'too many wait for the disk')
        return
      }
      const items = waiting.get(subject)
      const item = { decision, text, at: now() }
      if (items === undefined) waiting.set(subject, [item])
      else items.push(item)
      count += 1
      unwritten += 1
      bytes += text.length
      // Not past the end of the process: closing writes what is left.
      timer ??= setTimeout(() => void flush(), limits.flushMs).unref()
    },
    async close() {
      closed = true
      if (!(await flushLast())) lose(unwritten, 'the disk did not take them in time')
    },
  }
}
