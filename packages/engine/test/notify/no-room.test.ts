import { describe, expect, it } from 'vitest'
import type { Notice } from '../../src/approvals/notice.ts'
import { createNotifier } from '../../src/notify/notifier.ts'
import { notifyLoop } from '../../src/notify/notify-loop.ts'
import type { NotifyTarget } from '../../src/notify/notify-options.ts'
import { claimDue } from '../../src/notify/settle-notice.ts'
import { keptRecords } from '../approvals/kept-records.ts'
import { suspended } from '../support.ts'
import { receiver, webhook } from './receiver.ts'

const targets = ['slow', 'fine'].map((name) => webhook('https://ops.example', { name }))
const notice: Notice = {
  ...{ id: 'ntf_1', kind: 'approval.requested', at: 500, tries: 2, nextAt: 1000, sent: [] },
}
const claiming = { at: 1000, leaseMs: 20_000, random: () => 0, targets, putOff: false }

describe('what is claimed of an outbox', () => {
  it('is everything that is due, where there is room', () => {
    const later = { ...notice, id: 'ntf_2', nextAt: 1001 }
    const { outbox, claimed } = claimDue([notice, later], { ...claiming, room: ['slow', 'fine'] })
    expect(claimed).toMatchObject([{ id: 'ntf_1', tries: 3, sent: [] }])
    expect(outbox).toEqual([...claimed, later])
  })

  it('leaves what is for a target without room as a notice for that target, with no try counted', () => {
    const { outbox, claimed } = claimDue([notice], { ...claiming, room: ['fine'] })
    expect(claimed).toMatchObject([{ id: 'ntf_1', tries: 3, sent: ['slow'] }])
    expect(outbox).toEqual([...claimed, { ...notice, only: 'slow' }])
  })

  it('does not double what is there for that target already', () => {
    const retried = { ...notice, tries: 0, nextAt: 1000, only: 'slow' }
    const { outbox } = claimDue([notice, retried], { ...claiming, room: ['fine'] })
    expect(outbox.map(({ only }) => only)).toEqual([undefined, 'slow'])
  })

  it('is nothing where there is no room, and what makes way for others comes later', () => {
    const none = { ...claiming, room: [] }
    expect(claimDue([notice], none)).toEqual({ outbox: [notice], claimed: [] })
    const { outbox, claimed } = claimDue([notice], { ...none, putOff: true })
    expect([outbox, claimed]).toEqual([[{ ...notice, nextAt: 46_000 }], []])
  })

  it('is also what no target is to be told of any more, so that it is struck off', () => {
    const gone = { ...notice, only: 'gone' }
    expect(claimDue([gone], { ...claiming, room: [] }).claimed).toHaveLength(1)
  })
})

it('whoever waits for a target that does not answer hides nobody behind them', async () => {
  const [slow, fine] = [await receiver(), await receiver()]
  const count = 60
  const open = Promise.withResolvers<void>()
  for (let n = 0; n < count; n += 1) {
    slow.answers.push((response) => void open.promise.then(() => response.writeHead(204).end()))
  }
  const { lelu, clock, records } = await keptRecords()
  const both: NotifyTarget[] = [
    webhook(slow.url, { name: 'slow', kinds: ['approval.requested'] }),
    webhook(fine.url, { name: 'fine', kinds: ['approval.cancelled'] }),
  ]
  // So few at a time that the line is many pages long, and too long to wait in.
  const few = { width: 1, pageSize: 4 }
  const parts = { records, undelivered: {} as never, now: clock.now, warn() {} }
  const notifier = createNotifier({ ...parts, ...few, targets: both, timeoutMs: 60_000 })
  const loop = notifyLoop(notifier, () => {})
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) ids.push(await suspended(lelu, { id: `call-${n}` }))
  await lelu.approvals.cancel(String(ids.at(-1)))
  const heard = fine.next()
  loop.start(3_600_000)
  await heard
  expect(slow.received).toHaveLength(1)
  open.resolve()
  await loop.deliver()
  clock.advance(60_000)
  await loop.deliver()
  const told = slow.told().map(({ data }) => data.approval)
  expect(told.sort()).toEqual(ids.sort())
  expect(fine.received).toHaveLength(1)
  await loop.close()
})
