import { describe, expect, it } from 'vitest'
import type { Notification } from '../../src/notify/notification.ts'
import { slackMessage } from '../../src/notify/slack-message.ts'

function notification(
  more: Partial<Notification['data']> = {},
  type: Notification['type'] = 'approval.requested',
): Notification {
  const data = {
    approval: 'apr_1',
    tenant: 'default',
    tool: 'trade',
    state: 'pending' as const,
    confidence: 0.85,
    reasons: [{ id: 'low', message: 'Too low.' }],
    approve_by: '2026-11-23T10:00:00.000Z',
    level: 0,
    link: 'https://desk.example/approvals/apr_1',
    ...more,
  }
  return { type, timestamp: '2026-11-22T10:00:00.000Z', data }
}

describe('a message for Slack', () => {
  it('says in one line what waits, and has a button that only opens the link', () => {
    const { text, blocks } = slackMessage(notification())
    const line = 'trade waits for a person, until 2026-11-23 10:00 UTC: Too low.'
    expect(text).toBe(`${line} <https://desk.example/approvals/apr_1|Review>`)
    const url = 'https://desk.example/approvals/apr_1'
    const button = { type: 'button', text: { type: 'plain_text', text: 'Review' }, url }
    expect(blocks).toEqual([
      { type: 'section', text: { type: 'mrkdwn', text: line, verbatim: true } },
      { type: 'actions', elements: [button] },
    ])
  })

  it('has no button without a link', () => {
    const { text, blocks } = slackMessage(notification({ link: null }))
    expect(blocks).toHaveLength(1)
    expect(text).not.toContain('<')
  })

  it('leaves out the link that Slack would refuse the message for', () => {
    const link = `https://desk.example/${'a'.repeat(3000)}`
    expect(slackMessage(notification({ link })).blocks).toHaveLength(1)
  })

  it.each([
    [
      'a link',
      '<https://evil.example|Approve>',
      '&lt;https:\u200b//evil.example|\u200bApprove&gt;',
    ],
    ['a link of Markdown', '[Approve](evil.example/x)', '[Approve]\u200b(evil.example/x)'],
    ['a picture of Markdown', '![i](//evil.example/a)', '![i]\u200b(//evil.example/a)'],
    [
      'a link without a scheme',
      'WWW.evil.example www1.a.example',
      'WWW\u200b.evil.example www1\u200b.a.example',
    ],
    ['a mention of everybody', '<!channel> @all', '&lt;!channel&gt; @\u200ball'],
    ['an entity', '&lt;!here&gt;', '&amp;lt;!here&amp;gt;'],
    ['a second line', 'trade\n\u2028was approved', 'trade was approved'],
    [
      'formatting',
      '*a* _b_ ~c~ `d`',
      '*\u200ba*\u200b _\u200bb_\u200b ~\u200bc~\u200b `\u200bd`\u200b',
    ],
    ['an override of the direction', 'a\u202eb', 'a b'],
  ])('takes %s in the name of a tool or in a reason for text', (_what, given, shown) => {
    const named = slackMessage(notification({ tool: given, link: null }))
    expect(named.text.startsWith(`${shown} waits`)).toBe(true)
    const reasons = [{ id: 'r', message: given }]
    expect(slackMessage(notification({ reasons, link: null })).text).toContain(`: ${shown}`)
  })

  it('cuts what is long', () => {
    const long = 'x'.repeat(5000)
    const { text } = slackMessage(
      notification({ tool: long, tenant: long, reasons: [{ id: 'r', message: long }] }),
    )
    expect(text.length).toBeLessThan(1000)
  })

  it.each(['&', '<', '\u{1f600}', '*', 'www.', '](', '://', '@'])(
    'stays within what Slack takes when all of it is %s',
    (part) => {
      const long = part.repeat(1000)
      const data = { tool: long, tenant: long, reasons: [{ id: 'r', message: long }] }
      const { blocks } = slackMessage(notification(data, 'approval.escalated'))
      const [{ text }] = blocks as [{ text: { text: string } }]
      expect(text.text.length).toBeLessThanOrEqual(3000)
    },
  )

  it('says what became of a call, and gives no reason for it', () => {
    const { text } = slackMessage(notification({ link: null }, 'approval.denied'))
    expect(text).toBe('trade was denied')
    const unknown = notification({ state: 'unknown', link: null }, 'approval.unknown')
    expect(slackMessage(unknown).text).toContain('may have run; a person must look')
  })

  it.each([
    'approval.requested',
    'approval.reminder',
    'approval.escalated',
    'approval.edited',
  ] as const)('does not say that a call waits when it was decided meanwhile: %s', (type) => {
    const { text, blocks } = slackMessage(notification({ state: 'denied' }, type))
    const url = 'https://desk.example/approvals/apr_1'
    expect(text).toBe(`trade no longer waits for a person (denied) <${url}|Look at it>`)
    expect(JSON.stringify(blocks)).not.toContain('until')
  })

  it('does not ask for somebody who looks when somebody has looked', () => {
    const { text } = slackMessage(
      notification({ state: 'completed', link: null }, 'approval.unknown'),
    )
    expect(text).toBe('trade may have run; a person has looked (completed)')
  })

  it('cannot be ended early by the link', () => {
    const { text } = slackMessage(notification({ link: 'https://a.example/?x=1&y=<b>|c' }))
    expect(text).toContain('<https://a.example/?x=1&amp;y=%3Cb%3E%7Cc|Review>')
  })
})
