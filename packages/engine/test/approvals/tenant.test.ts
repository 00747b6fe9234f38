import { Keyv } from 'keyv'
import { describe, expect, it } from 'vitest'
import { fromKeyv, isLeluError, type Lelu, type TenantScope } from '../../src/index.ts'
import { approved, bob, suspended, testClock, testEngine } from '../support.ts'

const mine = { tenant: 'acme' }
const terms = { reviewer: bob, expiresInMs: 60_000, maxUses: 1 }
const found = { as: 'failed', reason: 'looked at the target', reviewer: bob } as const

type World = {
  lelu: Lelu
  clock: ReturnType<typeof testClock>
  /** Every call to the store and every record for the log since the last time. */
  takeTrace(): string[]
  /** From now on the store does not know this id. */
  forget(id: string): void
}

async function openWorld(): Promise<World> {
  const keyv = new Keyv()
  const driver = fromKeyv(keyv) as unknown as Record<string, unknown>
  const clock = testClock()
  const lelu = await testEngine({
    store: keyv,
    now: clock.now,
    tokenSeconds: 300,
    leaseMs: 1000,
    closeWithinMs: 0,
  })
  const trace: string[] = []
  let forgotten = ''
  for (const [name, method] of Object.entries(driver)) {
    if (typeof method !== 'function') continue
    driver[name] = async (...given: unknown[]) => {
      trace.push(name)
      return name === 'get' && given[0] === forgotten ? undefined : method(...given)
    }
  }
  const { append } = lelu.audit
  lelu.audit.append = (...given) => {
    trace.push('append')
    return append(...given)
  }
  return {
    lelu,
    clock,
    // The hint comes when the disk has what was done before.
    takeTrace: () => trace.splice(0).filter((name) => name !== 'markAudited'),
    forget: (id) => {
      forgotten = id
    },
  }
}

/** An approval that the store knows, and what is asked for by it: an id of its own, or that of the approval. */
type Made = { approval: string; asked?: string }
type Method = {
  make(world: World): Promise<Made>
  ask(lelu: Lelu, asked: string, scope: TenantScope): Promise<unknown>
}

const pending = async ({ lelu }: World): Promise<Made> => ({
  approval: await suspended(lelu, {}, mine),
})
const agreed = async ({ lelu }: World): Promise<Made> => ({
  approval: await approved(lelu, {}, mine),
})
async function lost({ lelu, clock }: World): Promise<Made> {
  const approval = await approved(lelu, {}, mine)
  void lelu.resume(approval, () => new Promise(() => {})).catch(() => {})
  await expect.poll(async () => (await lelu.approvals.get(approval)).state).toBe('executing')
  clock.advance(2000)
  await lelu.resume(approval, () => 'never').catch(() => {})
  expect((await lelu.approvals.get(approval)).state).toBe('unknown')
  return { approval }
}
async function granted({ lelu }: World): Promise<Made> {
  const { id } = await lelu.grants.create(await approved(lelu, {}, mine), terms)
  return { approval: id }
}
async function minted({ lelu }: World): Promise<Made> {
  const approval = await approved(lelu, {}, mine)
  return { approval, asked: (await lelu.tokens.mint(approval)).token }
}
/** Its time is over, which whoever reads it next writes down. */
async function overdue(world: World): Promise<Made> {
  const made = await pending(world)
  world.clock.advance(48 * 3_600_000)
  return made
}

const methods: Record<string, Method> = {
  resume: { make: agreed, ask: (lelu, id, scope) => lelu.resume(id, () => 'ran', scope) },
  'approvals.get': { make: pending, ask: (lelu, id, scope) => lelu.approvals.get(id, scope) },
  'approvals.get, when its time is over': {
    make: overdue,
    ask: (lelu, id, scope) => lelu.approvals.get(id, scope),
  },
  'approvals.review': {
    make: pending,
    ask: (lelu, id, scope) =>
      lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, ...scope }),
  },
  'approvals.review by the agent itself': {
    make: pending,
    ask: (lelu, id, scope) => {
      const agent = { ...bob, id: 'trader-1' }
      // In its own tenant this is refused as a self-approval, which says that the approval is there.
      const own = scope.tenant === 'other' ? agent : bob
      return lelu.approvals.review(id, { verdict: 'deny', reviewer: own, ...scope })
    },
  },
  'approvals.review with an edit': {
    make: async ({ lelu }) => ({ approval: await suspended(lelu, { schema: {} }, mine) }),
    ask: (lelu, id, scope) => {
      const input = { symbol: 'ACME', amount: 1 }
      return lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, input, ...scope })
    },
  },
  'approvals.cancel': { make: pending, ask: (lelu, id, scope) => lelu.approvals.cancel(id, scope) },
  'approvals.reconcile': {
    make: lost,
    ask: (lelu, id, scope) => lelu.approvals.reconcile(id, { ...found, ...scope }),
  },
  'approvals.wait': {
    make: pending,
    ask: (lelu, id, scope) => lelu.approvals.wait(id, { timeoutMs: 0, ...scope }),
  },
  'grants.create': {
    make: agreed,
    ask: (lelu, id, scope) => lelu.grants.create(id, { ...terms, ...scope }),
  },
  'grants.get': { make: granted, ask: (lelu, id, scope) => lelu.grants.get(id, scope) },
  'grants.revoke': { make: granted, ask: (lelu, id, scope) => lelu.grants.revoke(id, scope) },
  'tokens.mint': { make: agreed, ask: (lelu, id, scope) => lelu.tokens.mint(id, scope) },
  'tokens.introspect': {
    make: minted,
    ask: (lelu, token, scope) => lelu.tokens.introspect(token, scope),
  },
  'tokens.revoke of an approval': {
    make: agreed,
    ask: (lelu, approval, scope) => lelu.tokens.revoke({ approval }, scope),
  },
  'tokens.revoke of a token': {
    make: minted,
    ask: (lelu, token, scope) => lelu.tokens.revoke({ token }, scope),
  },
  'tokens.revoke of a grant': {
    make: granted,
    ask: (lelu, grant, scope) => lelu.tokens.revoke({ grant }, scope),
  },
}

/** All that a caller can tell an answer by. */
async function answerOf(asking: Promise<unknown>): Promise<string> {
  const answer = await asking.catch((error: unknown) => {
    if (!isLeluError(error)) throw error
    const { name, code, message, help, details, cause } = error
    return { name, code, message, help, details, cause }
  })
  return JSON.stringify(answer)
}

describe.each(Object.entries(methods))('%s', (_name, { make, ask }) => {
  it("answers another tenant's id as one that nobody has, and does no more for it", async () => {
    const world = await openWorld()
    const { approval, asked = approval } = await make(world)
    world.takeTrace()
    const theirs = await answerOf(ask(world.lelu, asked, { tenant: 'other' }))
    const done = world.takeTrace()
    world.forget(approval)
    const unknown = await answerOf(ask(world.lelu, asked, { tenant: 'other' }))
    expect(theirs).toBe(unknown)
    expect(theirs).toMatch(/NOT_FOUND|"active":false/)
    expect(done).toEqual(world.takeTrace())
    expect(done).toEqual(['get'])
  })

  it('answers its own tenant, and whoever may see every tenant', async () => {
    for (const scope of [mine, {}]) {
      const world = await openWorld()
      const { approval, asked = approval } = await make(world)
      const answer = await answerOf(ask(world.lelu, asked, scope))
      expect(answer ?? '').not.toMatch(/LELU_|"active":false/)
    }
  })

  it('refuses a tenant that is none, before it asks the store', async () => {
    const world = await openWorld()
    const { approval, asked = approval } = await make(world)
    world.takeTrace()
    for (const tenant of [undefined, null, '', 7, 'a\0', '\ud800', 'x'.repeat(257)]) {
      const answer = await answerOf(ask(world.lelu, asked, { tenant } as unknown as TenantScope))
      expect(answer).toMatch(/LELU_REQUEST_INVALID/)
    }
    expect(world.takeTrace()).toEqual([])
  })
})

describe('a revocation at large', () => {
  it.each([
    { agent: 'trader-1' },
    { user: 'alice' },
    { key: 'k1' },
    { all: true },
    { tenant: 'acme' },
    { tenant: 'nobody' },
    { agent: 'trader-1', tenant: 'other' },
    { tenant: 'other', all: true },
  ] as const)('of %j is not made for a caller of another tenant', async (target) => {
    const { lelu, takeTrace } = await openWorld()
    const id = await approved(lelu, {}, mine)
    takeTrace()
    await expect(lelu.tokens.revoke(target as never, { tenant: 'other' })).rejects.toMatchObject({
      code: 'LELU_REQUEST_INVALID',
      message: expect.stringMatching(/beyond the tenant of its caller|names exactly one of/),
    })
    expect(takeTrace()).toEqual([])
    expect((await lelu.resume(id, () => 'ran')).status).toBe('executed')
  })

  it('of the own tenant is made', async () => {
    const { lelu } = await openWorld()
    const id = await approved(lelu, {}, mine)
    await lelu.tokens.revoke(mine, mine)
    await expect(lelu.resume(id, () => 'ran')).rejects.toMatchObject({ code: 'LELU_TOKEN_REFUSED' })
  })
})
