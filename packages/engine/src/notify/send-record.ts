import { isDeepStrictEqual } from 'node:util'
import type { Notice } from '../approvals/notice.ts'
import type { ApprovalRecord } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { defaultTries } from './backoff.ts'
import type { NotifyOptions } from './notify-options.ts'
import { sendNotices } from './send-notices.ts'
import { outboxAfterTry, type Tried } from './settle-notice.ts'
import type { UndeliveredList } from './undelivered.ts'

/** What the sending of one record came to. `sent` and `failed` count requests, `undelivered` what was laid aside. */
export type Sent = { sent: number; failed: number; undelivered: number }

export const defaultTimeoutMs = 10_000

export type SendOptions = Pick<NotifyOptions, 'targets' | 'link' | 'maxTries' | 'timeoutMs'> & {
  records: Pick<Records, 'transitionFrom'>
  undelivered: Pick<UndeliveredList, 'put'>
  now: () => number
  /** Told of what stopped nothing: a record whose turn comes again, a notice that was laid aside. */
  warn: (message: string, code: string) => void
}

export type Claimed = {
  /** As it was stored with the try counted. */
  record: ApprovalRecord
  notices: readonly Notice[]
  /** The names of the targets that take something of it now. */
  room: readonly string[]
}

/**
 * Sends what was claimed, and writes down what came of it. `answered` is told of each target that has answered all that is
 * for it. `signal` ends it early, and what it cut off is tried again later. Never throws.
 */
export async function sendRecord(
  { record, notices, room }: Claimed,
  options: SendOptions,
  { signal, answered }: { signal: AbortSignal; answered: (target: string) => void },
): Promise<Sent> {
  const { records, targets, now, timeoutMs = defaultTimeoutMs } = options
  const count: Sent = { sent: 0, failed: 0, undelivered: 0 }
  const there = targets.filter(({ name }) => room.includes(name))
  const sending = { ...options, targets: there, timeoutMs, signal, answered }
  const tried: Tried[] = []
  try {
    for (const [notice, answers] of await sendNotices(record, notices, sending)) {
      for (const { ok } of answers.values()) count[ok ? 'sent' : 'failed'] += 1
      // Cut off by the end of this process: that says nothing about the target.
      const givenUp = signal.aborted ? [] : await layAside(record, notice, answers, options)
      count.undelivered += givenUp.length
      tried.push({ notice, answers, givenUp })
    }
    await records.transitionFrom(record, ({ state, outbox }) => {
      const after = outboxAfterTry(outbox, tried, targets, now())
      // A failure alone changes nothing: the try was counted before it.
      if (isDeepStrictEqual(after, outbox)) return undefined
      return { next: { state, outbox: after }, events: [] }
    })
  } catch (error) {
    warnOf(record, error, options)
  }
  return count
}

/** Its try is counted or it is not: either way its turn comes again. */
export function warnOf(
  { id }: ApprovalRecord,
  error: unknown,
  { warn }: Pick<SendOptions, 'warn'>,
): void {
  const { code = 'LELU_NOTIFICATION_FAILED' } = error as { code?: string }
  warn(`Approval ${id} could not be notified of: ${String(error)}`, code)
}

/** What nobody took, laid aside where it is not tried again. Answers the targets that are given up. */
async function layAside(
  { tenant, id: approval }: ApprovalRecord,
  { id, kind, at, tries }: Notice,
  answers: Tried['answers'],
  { undelivered, warn, maxTries = defaultTries }: SendOptions,
): Promise<string[]> {
  const givenUp: string[] = []
  for (const [target, answer] of answers) {
    if (answer.ok || (!answer.final && tries < maxTries)) continue
    const { why } = answer
    // Laid aside first, then struck off: a crash in between repeats the first.
    await undelivered.put({ tenant, approval, notice: { id, kind, at }, target, tries, why })
    givenUp.push(target)
    const message = `The notification ${id} of approval ${approval} could not be delivered to ${target} (${why}). \`lelu notifications list\` shows it.`
    warn(message, 'LELU_NOTIFICATION_UNDELIVERED')
  }
  return givenUp
}
