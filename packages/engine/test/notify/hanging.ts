import { Keyv } from 'keyv'
import { expect } from 'vitest'
import { newKeyRing } from '../../src/index.ts'
import { testClock, testEngine } from '../support.ts'
import { notifying, receiver, webhook } from './receiver.ts'

/** A target that answers nothing until it is told to. */
async function hanging() {
  const target = await receiver()
  const open: (() => void)[] = []
  let answersNow = false
  const take = target.answers.shift.bind(target.answers)
  target.answers.shift = () =>
    take() ??
    ((response) => {
      const answer = () => void response.writeHead(204).end()
      if (answersNow) answer()
      else open.push(answer)
    })
  const ids = () => target.received.map(({ headers }) => headers['webhook-id'])
  function answer(): void {
    answersNow = true
    for (const one of open) one()
  }
  return { ...target, ids, answer, open }
}

/** Engines over one store with a target that hangs and one that does not, and one that only suspends. */
export async function besideHanging(engines = 1, timeoutMs = 60_000) {
  const [dead, fine] = [await hanging(), await receiver()]
  const clock = testClock()
  const targets = [webhook(dead.url, { name: 'dead' }), webhook(fine.url, { name: 'fine' })]
  const shared = { now: clock.now, store: new Keyv(), keys: newKeyRing(0) }
  const silent = await testEngine({ ...shared, notices: true })
  const { notify } = notifying('', { targets, timeoutMs })
  const all = []
  for (let n = 0; n < engines; n += 1) all.push(await testEngine({ ...shared, notify }))
  const [lelu = silent] = all
  const heard = (count: number) =>
    expect.poll(() => fine.received.length, { timeout: 30_000 }).toBe(count)
  return { dead, fine, clock, silent, lelu, all, heard }
}
