import { describe, expect, it } from 'vitest'
import { approved } from '../support.ts'
import { besideHanging } from './hanging.ts'

describe('two notices of one call', () => {
  it('have a time of their own, so that the second is sent when the first took all of its', async () => {
    const { dead, silent, lelu } = await besideHanging(1, 1500)
    await approved(silent)
    const { sent, failed } = await lelu.notifications.deliver()
    expect([dead.received.length, sent, failed]).toEqual([2, 2, 2])
  })

  it('are sent by nobody else while the first takes its time', async () => {
    const { dead, fine, clock, silent, all, heard } = await besideHanging(2, 10_000)
    const [one, other] = all
    await approved(silent)
    const first = one?.notifications.deliver()
    await heard(2)
    clock.advance(20_000) // as long as both may take
    expect(await other?.notifications.deliver()).toMatchObject({ sent: 0, failed: 0 })
    dead.answer()
    await first
    expect([dead.received.length, fine.received.length]).toEqual([2, 2])
  })
})
