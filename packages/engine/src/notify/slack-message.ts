import type { NoticeKind } from '../approvals/notice.ts'
import type { ApprovalState } from '../approvals/state.ts'
import type { Notification } from './notification.ts'

export type SlackMessage = { text: string; blocks: unknown[] }

const waits = 'waits for a person'
const words: Record<NoticeKind, string> = {
  'approval.requested': waits,
  'approval.reminder': `still ${waits}`,
  'approval.escalated': `still ${waits}; more people may review it now`,
  'approval.edited': 'was edited and waits for a person',
  'approval.approved': 'was approved',
  'approval.denied': 'was denied',
  'approval.expired': 'expired and did not run',
  'approval.cancelled': 'was cancelled and did not run',
  'approval.revoked': 'was revoked and did not run',
  'approval.unknown': 'may have run; a person must look and say so',
}
const open: readonly NoticeKind[] = [
  ...(['approval.requested', 'approval.reminder'] as const),
  ...(['approval.escalated', 'approval.edited'] as const),
]

/**
 * Foreign text on one line, as text alone: no link, no mention (`<!channel>` in Slack, `@all` in servers that take the
 * same messages), no formatting. Longer than `most` is cut.
 */
function plain(text: string, most: number): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[*_~`|]/g, (mark) => `${mark}\u200b`)
  const cut = [...line].length > most ? `${[...line].slice(0, most).join('')}…` : line
  return (
    cut
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('@', '@\u200b')
      .replaceAll('://', ':\u200b//')
      // Mattermost makes a link of `www.` without a scheme. Before the dot: behind it the blank would be part of the link.
      .replace(/(www\d*)\./gi, '$1\u200b.')
      // `[text](place)` is a link in Markdown, and a place needs no scheme.
      .replaceAll('](', ']\u200b(')
  )
}

/** The link as Slack writes one; what would end it early is percent-encoded. */
function linkTo(url: string, label: string): string {
  const safe = url
    .replaceAll('&', '&amp;')
    .replaceAll('<', '%3C')
    .replaceAll('>', '%3E')
    .replaceAll('|', '%7C')
  return `<${safe}|${label}>`
}

/** Whether others have done what the notice asks for, such as while the chat did not answer. */
function isStale(type: NoticeKind, state: ApprovalState): boolean {
  if (type === 'approval.unknown') return state !== 'unknown'
  return open.includes(type) && state !== 'pending'
}

function staleText(type: NoticeKind, state: ApprovalState): string {
  const was =
    type === 'approval.unknown' ? 'may have run; a person has looked' : `no longer ${waits}`
  return `${was} (${state})`
}

/**
 * One line of what waits or happened, and a button that opens the link. There is nothing in it that decides. The line has
 * at most 3000 characters, also where each is an entity of five: Slack refuses a longer one, and nobody would be told.
 */
export function slackMessage({ type, data }: Notification): SlackMessage {
  const { tool, tenant, state, reasons, approve_by: until, link } = data
  const isOpen = open.includes(type) && state === 'pending'
  const what = isStale(type, state) ? staleText(type, state) : words[type]
  const where = tenant === 'default' ? '' : ` (${plain(tenant, 100)})`
  const why = reasons[0] === undefined || !isOpen ? '' : `: ${plain(reasons[0].message, 250)}`
  const when = isOpen ? `, until ${until.slice(0, 16).replace('T', ' ')} UTC` : ''
  const line = `${plain(tool, 200)}${where} ${what}${when}${why}`
  const section = { type: 'section', text: { type: 'mrkdwn', text: line, verbatim: true } }
  if (link === null) return { text: line, blocks: [section] }
  const label = isOpen ? 'Review' : 'Look at it'
  const button = { type: 'button', text: { type: 'plain_text', text: label }, url: link }
  // Servers that show no blocks show the text: it has the link as well.
  const text = `${line} ${linkTo(link, label)}`
  // Slack refuses a button whose URL is longer, and with it the whole message.
  if (link.length > 3000) return { text, blocks: [section] }
  return { text, blocks: [section, { type: 'actions', elements: [button] }] }
}
