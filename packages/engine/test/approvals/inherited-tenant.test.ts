import { describe, expect, it } from 'vitest'
import type { Lelu, TenantScope } from '../../src/index.ts'
import { approved, bob, suspended, testEngine } from '../support.ts'

type Scope = TenantScope & { agent?: string }
type Ask = (lelu: Lelu, id: string, scope: Scope) => Promise<unknown>

/** Whose second argument, if any, says no more than who asks. */
const byScope: Record<string, Ask> = {
  resume: (lelu, id, scope) => lelu.resume(id, () => 'ran', scope),
  'approvals.get': ({ approvals }, id, scope) => approvals.get(id, scope),
  'approvals.list': ({ approvals }, _id, scope) => approvals.list(scope),
  'approvals.cancel': ({ approvals }, id, scope) => approvals.cancel(id, scope),
  'approvals.wait': ({ approvals }, id, scope) => approvals.wait(id, scope),
  'grants.get': ({ grants }, id, scope) => grants.get(id, scope),
  'grants.list': ({ grants }, _id, scope) => grants.list(scope),
  'grants.revoke': ({ grants }, id, scope) => grants.revoke(id, scope),
  'tokens.mint': ({ tokens }, id, scope) => tokens.mint(id, scope),
  'tokens.introspect': ({ tokens }, id, scope) => tokens.introspect(id, scope),
  'tokens.revoke of an approval': ({ tokens }, id, scope) => tokens.revoke({ approval: id }, scope),
  'tokens.revoke of a grant': ({ tokens }, id, scope) => tokens.revoke({ grant: id }, scope),
  'tokens.revoke at large': ({ tokens }, _id, scope) => tokens.revoke({ all: true }, scope),
  'notifications.list': ({ notifications }, _id, scope) => notifications.list(scope),
  'notifications.retry': ({ notifications }, id, scope) => notifications.retry(id, scope),
  'notifications.discard': ({ notifications }, id, scope) => notifications.discard(id, scope),
}

const vote = { verdict: 'approve', reviewer: bob } as const
const edited = { ...vote, input: { symbol: 'ACME', amount: 1 } }
const terms = { reviewer: bob, expiresInMs: 60_000, maxUses: 1 }
const found = { as: 'failed', reason: 'looked at the target', reviewer: bob } as const
const erasing = { by: bob, reason: 'asked for' }

/** Puts more on what is passed, and leaves the tenant as it is there. */
const and = <More extends object>(scope: Scope, more: More) => Object.assign(scope, more)

const withMore: Record<string, Ask> = {
  'approvals.find': ({ approvals }, _id, scope) =>
    approvals.find(and(scope, { run: 'run-1', call: 'call-1' })),
  'approvals.review': ({ approvals }, id, scope) => approvals.review(id, and(scope, vote)),
  'approvals.review with an edit': ({ approvals }, id, scope) =>
    approvals.review(id, and(scope, edited)),
  'approvals.reconcile': ({ approvals }, id, scope) => approvals.reconcile(id, and(scope, found)),
  'grants.create': ({ grants }, id, scope) => grants.create(id, and(scope, terms)),
  'inputs.erase': ({ inputs }, _id, scope) => inputs.erase('user-1', and(scope, erasing)),
}

class WithGetter {
  get tenant() {
    return 'acme'
  }
}

const refused = { code: 'LELU_REQUEST_INVALID', help: expect.stringContaining('plain object') }

describe.each(Object.entries({ ...byScope, ...withMore }))('%s', (_name, ask) => {
  it('refuses a tenant that is not its own, whoever it names', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu, {}, { tenant: 'acme', run: 'run-1' })
    const scopes = [Object.create({ tenant: 'other' }), Object.create({ tenant: 'acme' })]
    for (const scope of [...scopes, new WithGetter()]) {
      await expect(ask(lelu, id, scope)).rejects.toMatchObject(refused)
    }
    expect((await lelu.approvals.get(id)).state).toBe('pending')
  })
})

it.each(Object.entries(byScope))('%s refuses a scope that is no object', async (_name, ask) => {
  const lelu = await testEngine()
  for (const scope of ['acme', 7, null, ['acme']] as unknown as Scope[]) {
    await expect(ask(lelu, 'apr_1', scope)).rejects.toMatchObject(refused)
  }
})

describe('a tenant that the constructor of a class has set', () => {
  class Caller {
    tenant: string
    constructor(tenant: string) {
      this.tenant = tenant
    }
  }

  it('is the tenant of the caller', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu, {}, { tenant: 'acme' })
    expect((await lelu.approvals.get(id, new Caller('acme'))).id).toBe(id)
    const unknown = { code: 'LELU_APPROVAL_NOT_FOUND' }
    await expect(lelu.approvals.get(id, new Caller('other'))).rejects.toMatchObject(unknown)
  })
})

describe('a tenant that no spread copies', () => {
  const hidden = (more: object = {}) =>
    Object.defineProperty({ ...more }, 'tenant', { value: 'other' }) as never

  it('narrows down what is listed, reviewed and revoked all the same', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu, {}, { tenant: 'acme' })
    const { id: grant } = await lelu.grants.create(id, terms)
    expect((await lelu.approvals.list(hidden())).approvals).toEqual([])
    expect((await lelu.grants.list(hidden())).grants).toEqual([])
    await expect(lelu.approvals.review(id, hidden(vote))).rejects.toMatchObject({
      code: 'LELU_APPROVAL_NOT_FOUND',
    })
    await expect(lelu.tokens.revoke({ grant }, hidden())).rejects.toMatchObject({
      code: 'LELU_GRANT_NOT_FOUND',
    })
    expect((await lelu.grants.get(grant)).state).toBe('active')
  })
})

describe('the agent that resumes', () => {
  it('is refused when it is not the own member of its caller, also while the call waits', async () => {
    const lelu = await testEngine()
    const waiting = await suspended(lelu)
    const ready = await approved(lelu, { id: 'call-2' })
    for (const id of [waiting, ready]) {
      for (const agent of ['trader-1', 'somebody-else']) {
        const caller = Object.create({ agent })
        await expect(lelu.resume(id, () => 'ran', caller)).rejects.toMatchObject(refused)
      }
    }
    expect((await lelu.resume(ready, () => 'ran', { agent: 'trader-1' })).status).toBe('executed')
  })
})

describe('a review whose members are getters of a class', () => {
  it('is bound to the digest that it names', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    class Review {
      readonly verdict = 'approve' as const
      readonly reviewer = bob
      get digest() {
        return 'that of another input'
      }
    }
    await expect(lelu.approvals.review(id, new Review())).rejects.toMatchObject({
      code: 'LELU_APPROVAL_STATE',
    })
  })
})
