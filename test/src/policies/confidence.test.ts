import { join } from 'node:path'
import { type LoadedPolicy, loadPolicy, type PolicyAnswer } from '@lelu/engine'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { actionsOf, domains, inputOf, policiesFolder } from './shipped.ts'

const strictness = { allow: 0, require_approval: 1, deny: 2 }
const votes = ({ requirements }: PolicyAnswer) =>
  Math.max(0, ...requirements.map(({ quorum }) => quorum))

/** Invariant: lower or missing confidence never loosens a decision that higher confidence would get. */
function expectNotLooser(low: PolicyAnswer, high: PolicyAnswer): void {
  expect(strictness[low.effect]).toBeGreaterThanOrEqual(strictness[high.effect])
  if (low.effect === high.effect) expect(votes(low)).toBeGreaterThanOrEqual(votes(high))
}

const effect = fc.constantFrom('read' as const, 'idempotent' as const, 'non_idempotent' as const)
const trust = fc.constantFrom('engine', 'adapter', 'claimed', 'none')
// The thresholds of the tables too: the mistakes are made there.
const confidence = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc
    .constantFrom(0, 0.3, 0.5, 0.9, 0.95, 1)
    .chain((edge) => fc.constantFrom(edge, Math.max(0, edge - 1e-9), Math.min(1, edge + 1e-9))),
)

describe.each(domains)('under the policy %s', (domain) => {
  let policy: LoadedPolicy
  beforeAll(async () => {
    policy = await loadPolicy({ policies: join(policiesFolder, domain), cache: false })
  })
  const action = fc.constantFrom(...actionsOf(domain))

  it('lower confidence never gets more', () => {
    fc.assert(
      fc.property(
        action,
        effect,
        trust,
        confidence,
        confidence,
        (action, effect, trust, one, other) => {
          const at = (confidence: number) =>
            policy.evaluate(inputOf({ action, effect, trust, confidence }))
          expectNotLooser(at(Math.min(one, other)), at(Math.max(one, other)))
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('a missing or invalid signal never gets more than any number would', () => {
    const status = fc.constantFrom('missing' as const, 'invalid' as const)
    fc.assert(
      fc.property(
        action,
        effect,
        trust,
        trust,
        status,
        confidence,
        (action, effect, trust, other, status, confidence) => {
          const without = policy.evaluate(
            inputOf({ action, effect, trust: other, status, confidence }),
          )
          expectNotLooser(without, policy.evaluate(inputOf({ action, effect, trust, confidence })))
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('a missing or invalid signal never lets anything but a read run', () => {
    for (const action of actionsOf(domain)) {
      for (const status of ['missing', 'invalid'] as const) {
        for (const effect of ['idempotent', 'non_idempotent'] as const) {
          expect(
            policy.evaluate(inputOf({ action, effect, status, confidence: 1 })).effect,
          ).not.toBe('allow')
        }
      }
    }
  })

  it('high and low confidence make a difference, or all of this would hold by itself', () => {
    const effects = actionsOf(domain).flatMap((action) =>
      [0, 0.6, 1].map((confidence) => policy.evaluate(inputOf({ action, confidence })).effect),
    )
    expect(new Set(effects)).toEqual(new Set(['allow', 'require_approval', 'deny']))
  })
})

it('under the default policy a claimed number never lets anything but a read run', async () => {
  const policy = await loadPolicy({ policies: join(policiesFolder, 'default'), cache: false })
  for (const action of actionsOf('default')) {
    for (const effect of ['idempotent', 'non_idempotent'] as const) {
      expect(
        policy.evaluate(inputOf({ action, effect, trust: 'claimed', confidence: 1 })).effect,
      ).not.toBe('allow')
    }
  }
})
