import {
  createLelu,
  type DecisionRequest,
  type Lelu,
  type LeluOptions,
  type Reviewer,
} from '@lelu/engine'
import { Keyv } from 'keyv'
import { onTestFinished } from 'vitest'
import { testCache } from '../support/cache.ts'
import { temporaryFolder } from '../support/processes.ts'
import { overview, rego } from './rules.ts'

export { overview, rego } from './rules.ts'

export const bob: Reviewer = { id: 'bob', issuer: 'test', method: 'test' }

export async function engine(options: Partial<LeluOptions> = {}): Promise<Lelu> {
  const lelu = await createLelu({
    directory: temporaryFolder(),
    store: new Keyv(),
    policies: rego(overview),
    cache: testCache,
    ...options,
  })
  onTestFinished(() => lelu.close())
  return lelu
}

export function trade(
  confidence: number,
  call: Partial<DecisionRequest['call']> = {},
): DecisionRequest {
  return {
    subject: { id: 'trader-1', type: 'agent', actingFor: { id: 'alice', type: 'user' } },
    call: { id: 'call-1', tool: 'trade', input: { symbol: 'ACME', amount: 100 }, ...call },
    confidence: { method: 'external', trust: 'adapter', value: confidence, score: null },
  }
}

export async function suspend(
  lelu: Lelu,
  call: Partial<DecisionRequest['call']> = {},
): Promise<string> {
  const outcome = await lelu.guard(trade(0.85, call), () => {
    throw new Error('the tool ran without an approval')
  })
  if (outcome.status !== 'suspended') throw new Error(`expected suspended, got ${outcome.status}`)
  return outcome.approval.id
}

export async function approve(
  lelu: Lelu,
  call: Partial<DecisionRequest['call']> = {},
): Promise<string> {
  const id = await suspend(lelu, call)
  await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
  return id
}
