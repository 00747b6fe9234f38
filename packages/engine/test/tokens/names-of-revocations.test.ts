import { expect, it, vi } from 'vitest'
import type { RevokeTarget } from '../../src/index.ts'
import { approved, bob, testEngine } from '../support.ts'

it.each<[string, RevokeTarget]>([
  ['target.agent', { agent: 'x\0' }],
  ['target.agent', { agent: 'x'.repeat(1025) }],
  ['target.user', { user: 'x\ud800' }],
  ['target.key', { key: 'x\n' }],
  ['target.tenant', { tenant: 'x'.repeat(257) }],
])(
  'a revocation of a name that no call can have is refused (%s), and no log says that it holds',
  async (path, target) => {
    const lelu = await testEngine()
    const append = vi.spyOn(lelu.audit, 'append')
    await expect(lelu.tokens.revoke(target)).rejects.toMatchObject({
      code: 'LELU_REQUEST_INVALID',
      details: { path },
    })
    expect(append).not.toHaveBeenCalled()
  },
)

it('a revocation is in the log before it holds: one that the log does not take does not hold', async () => {
  const lelu = await testEngine()
  const id = await approved(lelu)
  const append = vi.spyOn(lelu.audit, 'append').mockRejectedValue(new Error('the disk is full'))
  await expect(lelu.tokens.revoke({ tenant: 'default' })).rejects.toThrow('the disk is full')
  append.mockRestore()
  expect(await lelu.resume(id, () => 'ran')).toMatchObject({ status: 'executed' })
  const recorded = vi.spyOn(lelu.audit, 'append')
  await lelu.tokens.revoke({ tenant: 'acme' }, { reason: 'moved away', by: bob })
  expect(recorded.mock.calls.map(([event]) => event)).toMatchObject([
    { kind: 'token.revoked', tenant: 'acme', scope: 'tenant:acme', reviewer: bob },
  ])
})
