import type { Notice } from '../approvals/notice.ts'
import { pauseMs } from './backoff.ts'
import type { NotifyTarget } from './notify-options.ts'
import type { Answer } from './post.ts'
import { outstanding } from './targets.ts'

/** One that was laid aside and is sent again has the same id, and goes to one target. */
export function isSame(a: Notice, b: Notice): boolean {
  return a.id === b.id && a.only === b.only
}

/** What is put off costs a write each time: it comes back after a while as that of a second try. */
const putOffTries = 2

export type Claiming = {
  at: number
  /** Until these have passed nobody else begins. */
  leaseMs: number
  random: () => number
  targets: readonly NotifyTarget[]
  /** The names of the targets that take something now. */
  room: readonly string[]
  /** Whether what finds no room is looked at later, and makes way for the others until then. */
  putOff: boolean
}

/**
 * The outbox with one more try counted for what is due. It is stored before anything is sent: whoever stores it first
 * sends, and whoever dies while sending has used up a try. What is for a target without room becomes a notice of its own,
 * for that target alone and with no try counted: to wait for the target in here would outlast the lease.
 */
export function claimDue(
  outbox: readonly Notice[],
  { at, leaseMs, random, targets, room, putOff }: Claiming,
): { outbox: Notice[]; claimed: Notice[] } {
  const claimed: Notice[] = []
  const isThere = (one: Notice) => outbox.some((other) => isSame(one, other))
  const later = (notice: Notice) =>
    putOff ? { ...notice, nextAt: at + pauseMs(putOffTries, random()) } : notice
  const next = outbox.flatMap((notice) => {
    if (notice.nextAt > at) return [notice]
    const open = outstanding(notice, targets)
    const waiting = open.filter((name) => !room.includes(name))
    if (open.length > 0 && waiting.length === open.length) return [later(notice)]
    const tries = notice.tries + 1
    const nextAt = at + Math.max(leaseMs, pauseMs(tries, random()))
    const tried = { ...notice, tries, nextAt, sent: [...notice.sent, ...waiting] }
    claimed.push(tried)
    const apart = waiting.map((only) => later({ ...notice, only }))
    return [tried, ...apart.filter((one) => !isThere(one))]
  })
  return { outbox: next, claimed }
}

/** What became of the try of one notice: the answers by target, and the targets that are given up. */
export type Tried = {
  notice: Notice
  answers: ReadonlyMap<string, Answer>
  givenUp: readonly string[]
}

/** The outbox after a try: without what needs nobody any more, later where a target asked for it. */
export function outboxAfterTry(
  outbox: readonly Notice[],
  tried: readonly Tried[],
  targets: readonly NotifyTarget[],
  now: number,
): Notice[] {
  return outbox.flatMap((notice) => {
    const outcome = tried.find((one) => isSame(one.notice, notice))
    if (outcome === undefined) return [notice]
    const { answers, givenUp } = outcome
    const reached = [...answers].filter(([, answer]) => answer.ok).map(([name]) => name)
    const after = { ...notice, sent: [...new Set([...notice.sent, ...reached, ...givenUp])] }
    if (outstanding(after, targets).length === 0) return []
    const asked = [...answers.values()].map((one) => (one.ok ? 0 : (one.retryAfterMs ?? 0)))
    return [{ ...after, nextAt: Math.max(notice.nextAt, now + Math.max(0, ...asked)) }]
  })
}
