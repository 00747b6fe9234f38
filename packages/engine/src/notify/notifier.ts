import { isDeepStrictEqual } from 'node:util'
import type { ApprovalRecord } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { defaultTries } from './backoff.ts'
import { eachOf } from './each-of.ts'
import type { NotifyOptions } from './notify-options.ts'
import { sendNotices } from './send-notices.ts'
import { claimDue, outboxAfterTry, type Tried } from './settle-notice.ts'
import type { UndeliveredList } from './undelivered.ts'

/** What one delivery came to. `sent` and `failed` count requests, `undelivered` what was laid aside. */
export type Delivery = { sent: number; failed: number; undelivered: number; altered: string[] }

export type NotifierOptions = NotifyOptions & {
  records: Pick<Records, 'due' | 'commit' | 'transitionFrom'>
  undelivered: UndeliveredList
  now: () => number
  /** In [0, 1). Default `Math.random`. */
  random?: () => number
  /** Told of what stopped nothing: a record whose turn comes again, a notice that was laid aside. */
  warn: (message: string, code: string) => void
}

/** Sends what is due, once through; `signal` ends it early, and what it cut off is tried again later. */
export type Notifier = (signal: AbortSignal) => Promise<Delivery>

const pageSize = 100
/** Records at a time, so that a target that does not answer keeps few of the others waiting. */
const width = 32
/** Beside the time of the requests, that of the writes before and after them. */
const writesMs = 5000

/** At least once: a try is counted first, then sent, then struck off. A crash in between sends it again, with its id. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { records, undelivered, targets, now, random = Math.random, warn } = options
  const { maxTries = defaultTries, timeoutMs = 10_000 } = options

  /** False when there was nothing to send, or another process was faster. */
  async function deliverRecord(
    found: ApprovalRecord,
    count: Delivery,
    signal: AbortSignal,
  ): Promise<boolean> {
    const at = now()
    const due = found.outbox.filter(({ nextAt }) => nextAt <= at)
    // To each target they go one after the other.
    const leaseMs = due.length * timeoutMs + writesMs
    const { outbox, claimed } = claimDue(found.outbox, { at, leaseMs, random })
    if (claimed.length === 0) return false
    const claim = { next: { state: found.state, outbox }, events: [] }
    const record = await records.commit(found, claim)
    if (record === undefined) return false
    const sending = { ...options, timeoutMs, signal }
    const tried: Tried[] = []
    for (const [notice, answers] of await sendNotices(record, claimed, sending)) {
      const givenUp: string[] = []
      for (const [target, answer] of answers) {
        count[answer.ok ? 'sent' : 'failed'] += 1
        // Cut off by the end of this process: that says nothing about the target.
        if (answer.ok || signal.aborted) continue
        const { id, kind, at, tries } = notice
        if (!answer.final && tries < maxTries) continue
        const { tenant, id: approval } = record
        const { why } = answer
        // Laid aside first, then struck off: a crash in between repeats the first.
        await undelivered.put({ tenant, approval, notice: { id, kind, at }, target, tries, why })
        givenUp.push(target)
        count.undelivered += 1
        const message = `The notification ${id} of approval ${approval} could not be delivered to ${target} (${why}). \`lelu notifications list\` shows it.`
        warn(message, 'LELU_NOTIFICATION_UNDELIVERED')
      }
      tried.push({ notice, answers, givenUp })
    }
    await records.transitionFrom(record, ({ state, outbox }) => {
      const after = outboxAfterTry(outbox, tried, targets, now())
      // A failure alone changes nothing: the try was counted before it.
      if (isDeepStrictEqual(after, outbox)) return undefined
      return { next: { state, outbox: after }, events: [] }
    })
    return true
  }

  return async (signal) => {
    const count: Delivery = { sent: 0, failed: 0, undelivered: 0, altered: [] }
    for (;;) {
      const page = await records.due(pageSize)
      for (const id of page.altered) {
        if (!count.altered.includes(id)) count.altered.push(id)
      }
      let moved = 0
      await eachOf(page.records, width, async (record) => {
        if (signal.aborted) return
        try {
          if (await deliverRecord(record, count, signal)) moved += 1
        } catch (error) {
          // Its try is counted or it is not: either way its turn comes again.
          const { code = 'LELU_NOTIFICATION_FAILED' } = error as { code?: string }
          warn(`Approval ${record.id} could not be notified of: ${String(error)}`, code)
        }
      })
      // A page on which nothing moved would be the same page again.
      if (signal.aborted || moved === 0 || page.records.length < pageSize) return count
    }
  }
}
