import { expect, test } from 'vitest'
import { approved, bob, suspended, testEngine } from '../support.ts'

const asIn = (state: string) => ({ code: 'LELU_APPROVAL_STATE', details: { state } })

test.each(['read', 'idempotent', 'non_idempotent'] as const)(
  'no token is minted for a call that is not approved, also where its effect is %s',
  async (effect) => {
    const lelu = await testEngine()
    const id = await suspended(lelu, { effect })
    await expect(lelu.tokens.mint(id)).rejects.toMatchObject(asIn('pending'))
    await lelu.approvals.review(id, { verdict: 'deny', reviewer: bob })
    await expect(lelu.tokens.mint(id)).rejects.toMatchObject(asIn('denied'))
  },
)

test('no token is minted while the call runs, though its tool may repeat', async () => {
  const lelu = await testEngine()
  const id = await approved(lelu, { effect: 'idempotent' })
  await lelu.resume(id, () => expect(lelu.tokens.mint(id)).rejects.toMatchObject(asIn('executing')))
  await expect(lelu.tokens.mint(id)).rejects.toMatchObject(asIn('completed'))
})

test('an approval that is revoked twice is revoked', async () => {
  const lelu = await testEngine()
  const id = await approved(lelu)
  await lelu.tokens.revoke({ approval: id })
  await lelu.tokens.revoke({ approval: id })
  expect((await lelu.approvals.get(id)).state).toBe('revoked')
})

test('an agent that is called like the tenant of the caller is not revoked for every tenant', async () => {
  const lelu = await testEngine()
  for (const target of [{ agent: 'acme' }, { user: 'acme' }, { key: 'acme' }])
    await expect(lelu.tokens.revoke(target, { tenant: 'acme' })).rejects.toMatchObject({
      code: 'LELU_REQUEST_INVALID',
    })
  await lelu.tokens.revoke({ tenant: 'acme' }, { tenant: 'acme' })
})
