import { Keyv } from 'keyv'
import { expect, test } from 'vitest'
import { fromKeyv } from '../../src/index.ts'
import { approved, bob, testEngine } from '../support.ts'
import { statusOf, terms } from './support.ts'

test('a grant that is made while its agent is revoked allows nothing', async () => {
  const store = fromKeyv(new Keyv())
  let revoke: (() => Promise<void>) | undefined
  /** Right behind the read of the revocations, somebody revokes; the grant is written a little later. */
  const watermarks: typeof store.watermarks = async (scopes) => {
    const found = await store.watermarks(scopes)
    const now = revoke
    revoke = undefined
    await now?.()
    return found
  }
  const watched = Object.assign(Object.create(store) as typeof store, { watermarks })
  const lelu = await testEngine({
    store: {
      store: { [Symbol.for('lelu.approval-store')]: watched },
      get: async () => undefined,
    } as never,
  })
  const id = await approved(lelu, {}, { run: 'run-1' })
  revoke = async () => {
    await lelu.tokens.revoke({ agent: 'trader-1' }, { by: bob })
    await new Promise((next) => setTimeout(next, 5))
  }
  await lelu.grants.create(id, terms)
  expect(await statusOf(lelu)).toBe('suspended')
})
