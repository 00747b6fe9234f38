import type { Notice } from '../approvals/notice.ts'
import type { ApprovalRecord } from '../approvals/record.ts'
import { linkOf } from './link.ts'
import { notificationOf } from './notification.ts'
import type { NotifyOptions } from './notify-options.ts'
import { type Answer, post } from './post.ts'
import { messageFor, outstanding } from './targets.ts'

type Options = Pick<NotifyOptions, 'targets' | 'link'> & {
  now: () => number
  signal: AbortSignal
  /** Of each request: one that waits for its answer takes no time of the next. */
  timeoutMs: number
  /** Told of a target when it has answered all that is for it. */
  answered: (target: string) => void
}

/** Sends the notices of one record: the targets at once, the notices to each in order. Answers by notice and target. */
export async function sendNotices(
  record: ApprovalRecord,
  notices: readonly Notice[],
  { targets, link, now, signal, timeoutMs, answered }: Options,
): Promise<Map<Notice, Map<string, Answer>>> {
  const answers = new Map(notices.map((notice) => [notice, new Map<string, Answer>()]))
  const url = linkOf(link, record.id)
  async function tell(target: NotifyOptions['targets'][number]): Promise<void> {
    for (const notice of notices) {
      if (!outstanding(notice, targets).includes(target.name)) continue
      const message = messageFor(target, notice.id, notificationOf(record, notice, url), now())
      const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      answers.get(notice)?.set(target.name, await post(message, within, now))
    }
  }
  await Promise.all(targets.map((target) => tell(target).finally(() => answered(target.name))))
  return answers
}
