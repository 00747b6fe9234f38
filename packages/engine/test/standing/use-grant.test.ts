import { Keyv } from 'keyv'
import { expect, test } from 'vitest'
import { fromKeyv, type Lelu } from '../../src/index.ts'
import { approved, bob, testEngine } from '../support.ts'
import { statusOf, terms } from './support.ts'

/** An engine with a grant, over a store that answers the next write of it so, and does something before. */
async function engineWhoseUseIs(answer: 'conflict' | 'late', meanwhile = async (_: Lelu) => {}) {
  const store = fromKeyv(new Keyv())
  let armed = false
  const writes: number[] = []
  const swap: typeof store.swap = async (rev, row, window) => {
    if (!row.id.startsWith('grt_')) return store.swap(rev, row, window)
    writes.push(rev)
    if (!armed) return store.swap(rev, row, window)
    armed = false
    await meanwhile(lelu)
    return answer
  }
  const watched = Object.assign(Object.create(store) as typeof store, { swap })
  const keyv = {
    store: { [Symbol.for('lelu.approval-store')]: watched },
    get: async () => undefined,
  }
  const lelu = await testEngine({ store: keyv as never })
  await lelu.grants.create(await approved(lelu, {}, { run: 'run-1' }), terms)
  armed = true
  return { lelu, writes }
}

test('a use that another process has taken meanwhile is not taken again: the next one is', async () => {
  const { lelu, writes } = await engineWhoseUseIs('conflict')
  expect(await statusOf(lelu)).toBe('executed')
  expect(writes).toHaveLength(2)
})

test('a grant that was revoked by whoever was faster allows nothing', async () => {
  const { lelu } = await engineWhoseUseIs('conflict', async ({ grants }) => {
    const [grant] = (await grants.list()).grants
    await grants.revoke(grant?.id ?? '', { by: bob })
  })
  expect(await statusOf(lelu)).toBe('suspended')
})

test('of somebody who was stopped by whoever was faster it allows nothing', async () => {
  const { lelu } = await engineWhoseUseIs('conflict', ({ killSwitch }) =>
    killSwitch.stop({ agent: 'trader-1' }),
  )
  expect(await statusOf(lelu)).toBe('suspended')
})

test('a grant that is over by the clock of the database allows nothing, and is not asked again', async () => {
  const { lelu, writes } = await engineWhoseUseIs('late')
  expect(await statusOf(lelu)).toBe('suspended')
  expect(writes).toHaveLength(1)
})
