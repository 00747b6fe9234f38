import type { Notice } from '../approvals/notice.ts'
import { pauseMs } from './backoff.ts'
import type { NotifyTarget } from './notify-options.ts'
import type { Answer } from './post.ts'
import { outstanding } from './targets.ts'

/** One that was laid aside and is sent again has the same id, and goes to one target. */
export function isSame(a: Notice, b: Notice): boolean {
  return a.id === b.id && a.only === b.only
}

/**
 * The outbox with one more try counted for what is due. It is stored before anything is sent: whoever stores it first
 * sends, and whoever dies while sending has used up a try. Until `leaseMs` have passed nobody else begins.
 */
export function claimDue(
  outbox: readonly Notice[],
  { at, leaseMs, random }: { at: number; leaseMs: number; random: () => number },
): { outbox: Notice[]; claimed: Notice[] } {
  const claimed: Notice[] = []
  const next = outbox.map((notice) => {
    if (notice.nextAt > at) return notice
    const tries = notice.tries + 1
    const tried = { ...notice, tries, nextAt: at + Math.max(leaseMs, pauseMs(tries, random())) }
    claimed.push(tried)
    return tried
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
