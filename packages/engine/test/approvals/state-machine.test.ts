import fc from 'fast-check'
import { Keyv } from 'keyv'
import { expect, it } from 'vitest'
import { mayBecome } from '../../src/approvals/state.ts'
import { type ApprovalState, createLelu, type Lelu } from '../../src/index.ts'
import { bob, carol, overview, suspended, temporaryFolder, testClock } from '../support.ts'

type World = {
  lelu: Lelu
  id: string
  advance: (ms: number) => void
  ran: () => void
  fails: boolean
}

/** Everything that can be done to an approval. Each may be refused; none may break the table. */
const operations: Record<string, (world: World) => Promise<unknown>> = {
  approve: ({ lelu, id }) => lelu.approvals.review(id, { verdict: 'approve', reviewer: bob }),
  'approve by another': ({ lelu, id }) =>
    lelu.approvals.review(id, { verdict: 'approve', reviewer: carol }),
  deny: ({ lelu, id }) => lelu.approvals.review(id, { verdict: 'deny', reviewer: carol }),
  cancel: ({ lelu, id }) => lelu.approvals.cancel(id),
  mint: ({ lelu, id }) => lelu.tokens.mint(id),
  revoke: ({ lelu, id }) => lelu.tokens.revoke({ approval: id }),
  'revoke the agent': ({ lelu }) => lelu.tokens.revoke({ agent: 'trader-1' }),
  resume: ({ lelu, id, ran, fails }) =>
    lelu.resume(id, () => {
      ran()
      if (fails) throw new Error('the tool failed')
      return 'ran'
    }),
  'wait an hour': async ({ advance }) => advance(3_600_000),
  'wait two days': async ({ advance }) => advance(48 * 3_600_000),
}

const words = fc.array(fc.constantFrom(...Object.keys(operations)), { minLength: 1, maxLength: 12 })

it('whatever is done in whatever order, an approval walks the table, and runs once at most and only approved', async () => {
  const clock = testClock()
  const lelu = await createLelu({
    directory: temporaryFolder(),
    store: new Keyv(),
    policies: overview,
    now: clock.now,
  })
  const ends = new Set<ApprovalState>()
  await fc.assert(
    fc.asyncProperty(words, fc.boolean(), async (plan, fails) => {
      const id = await suspended(lelu)
      const path: ApprovalState[] = ['pending']
      let runs = 0
      const ran = () => {
        runs += 1
        // `executing` follows `approved` within one resume, so approved is the last state seen from outside.
        expect(path.at(-1)).toBe('approved')
      }
      for (const word of plan) {
        const world = { lelu, id, advance: clock.advance, ran, fails }
        await operations[word]?.(world).catch((error: Error & { code?: string }) => {
          if (error.message !== 'the tool failed') expect(error.code).toMatch(/^LELU_/)
        })
        const { state } = await lelu.approvals.get(id)
        if (state !== path.at(-1)) path.push(state)
      }
      for (const [index, state] of path.slice(1).entries()) {
        const from = path[index] as ApprovalState
        const within = from === 'approved' && mayBecome('executing', state)
        expect(mayBecome(from, state) || within, path.join(' > ')).toBe(true)
      }
      const last = path.at(-1) as ApprovalState
      expect(runs).toBe(['completed', 'failed'].includes(last) ? 1 : 0)
      ends.add(last)
    }),
    // Random plans alone end in a run so seldom (once in 70) that some hundred had none at all.
    { numRuns: 300, examples: [true, false].map((fails) => [['approve', 'resume'], fails]) },
  )
  await lelu.close()
  // The property would be worthless if the plans never got anywhere.
  for (const end of ['completed', 'failed', 'denied', 'cancelled', 'expired', 'revoked'] as const) {
    expect([...ends]).toContain(end)
  }
})
