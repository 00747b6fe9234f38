import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keyv } from 'keyv'
import { onTestFinished } from 'vitest'
import {
  createLelu,
  type DecisionRequest,
  type Lelu,
  type LeluOptions,
  type Policy,
  type PolicyAnswer,
  type RegoInput,
  type Reviewer,
} from '../src/index.ts'

/** A policy made from a function; what is left out of the answer is empty. */
export function policyOf(answer: (input: RegoInput) => Partial<PolicyAnswer>): Policy {
  return {
    revision: 'test',
    evaluate: (input) => ({
      effect: 'deny',
      reasons: [],
      obligations: [],
      requirements: [],
      ...answer(input),
    }),
  }
}

/** The overview's rules: a trade of 0.90 and above runs, below it a person decides, anything else is denied. */
export const overview = policyOf(({ action, confidence }) => {
  if (action !== 'trade')
    return { effect: 'deny', reasons: [{ id: 'no_rule_allowed', message: 'No rule allows it.' }] }
  if (confidence >= 0.9)
    return { effect: 'allow', reasons: [{ id: 'allow', message: 'Confident enough.' }] }
  const requirement = { id: 'require_approval', quorum: 1, reviewers: null, expiresInMs: null }
  return {
    effect: 'require_approval',
    reasons: [{ id: 'low', message: 'Too low.' }],
    requirements: [requirement],
  }
})

export const bob: Reviewer = { id: 'bob', issuer: 'test', method: 'test' }
export const carol: Reviewer = { id: 'carol', issuer: 'test', method: 'test' }

export function trade(
  confidence: number,
  more: Partial<DecisionRequest['call']> = {},
  rest: Partial<DecisionRequest> = {},
): DecisionRequest {
  return {
    subject: { id: 'trader-1', type: 'agent', actingFor: { id: 'alice', type: 'user' } },
    call: { id: 'call-1', tool: 'trade', input: { symbol: 'ACME', amount: 100 }, ...more },
    confidence: { method: 'external', trust: 'adapter', value: confidence, score: null },
    ...rest,
  }
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-engine-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A clock that stands still until it is told to go on. */
export function testClock(start = Date.UTC(2026, 10, 22, 10)) {
  let time = start
  return {
    now: () => time,
    advance: (ms: number) => {
      time += ms
    },
  }
}

/** An engine in a folder of its own, over memory unless told otherwise; closed when the test ends. */
export async function testEngine(options: Partial<LeluOptions> = {}): Promise<Lelu> {
  const lelu = await createLelu({
    directory: temporaryFolder(),
    store: new Keyv(),
    policies: overview,
    ...options,
  })
  onTestFinished(() => lelu.close())
  return lelu
}

/** Suspends a trade of 0.85 and answers the id of its approval. */
export async function suspended(
  lelu: Lelu,
  more: Partial<DecisionRequest['call']> = {},
  rest: Partial<DecisionRequest> = {},
): Promise<string> {
  const outcome = await lelu.guard(trade(0.85, more, rest), () => {
    throw new Error('the tool ran without an approval')
  })
  if (outcome.status !== 'suspended') throw new Error(`expected suspended, got ${outcome.status}`)
  return outcome.approval.id
}

export async function approved(
  lelu: Lelu,
  more: Partial<DecisionRequest['call']> = {},
  rest: Partial<DecisionRequest> = {},
): Promise<string> {
  const id = await suspended(lelu, more, rest)
  await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
  return id
}
