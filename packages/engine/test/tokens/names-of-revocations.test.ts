import { expect, it, vi } from 'vitest'
import type { RevokeTarget } from '../../src/index.ts'
import { testEngine } from '../support.ts'

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
