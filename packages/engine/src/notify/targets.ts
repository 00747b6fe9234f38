import type { Notice } from '../approvals/notice.ts'
import type { Notification } from './notification.ts'
import type { NotifyTarget } from './notify-options.ts'
import type { Message } from './post.ts'
import { slackMessage } from './slack-message.ts'
import { signWebhook, webhookKey } from './webhook-signature.ts'

/** The names of the targets that this notice still has to reach. One that is not configured any more counts as reached. */
export function outstanding(
  { kind, sent, only }: Pick<Notice, 'kind' | 'sent' | 'only'>,
  targets: readonly NotifyTarget[],
): string[] {
  return targets
    .filter(({ name, kinds }) => {
      const wanted = only === undefined ? (kinds?.includes(kind) ?? true) : only === name
      return wanted && !sent.includes(name)
    })
    .map(({ name }) => name)
}

/** What is sent to a target. A webhook is signed for each try, with the time of it. */
export function messageFor(
  { type, url, secret, secrets = [] }: NotifyTarget,
  id: string,
  notification: Notification,
  now: number,
): Message {
  const headers = { 'content-type': 'application/json', 'user-agent': 'lelu' }
  if (type === 'slack') return { url, headers, body: JSON.stringify(slackMessage(notification)) }
  const keys = [...secrets, ...(secret === undefined ? [] : [secret])].map(webhookKey)
  const body = JSON.stringify(notification)
  const timestamp = Math.floor(now / 1000)
  const signature = signWebhook(
    keys.filter((key) => key !== undefined),
    { id, timestamp, body },
  )
  return {
    url,
    headers: {
      ...headers,
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signature,
    },
    body,
  }
}
