import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLelu, type DecisionRequest, type Lelu, type Reviewer } from '@lelu/engine'
import { type Figure, round, timeAsync } from './measure.ts'
import { plain, rego } from './rules.ts'

const reviewer: Reviewer = { id: 'bench-reviewer', issuer: 'bench', method: 'bench' }

function request(n: number, confidence = 0.97): DecisionRequest {
  return {
    subject: { id: 'trader-1', type: 'agent', actingFor: { id: 'user-7', type: 'user' } },
    call: { id: `call-${n}`, tool: 'trade', input: { symbol: 'ACME', amount: n % 900 } },
    confidence: { method: 'external', trust: 'adapter', value: confidence, score: null },
    context: { frozen: false, environment: 'staging' },
  }
}

async function withEngine<T>(use: (lelu: Lelu) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  const lelu = await createLelu({
    directory,
    policies: { modules: [{ path: 'bench.rego', source: rego }] },
  })
  try {
    return await use(lelu)
  } finally {
    await lelu.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Decisions with their audit record on disk before the answer; beside them the rules alone, with no record at all. */
export async function decideFigures(quick: boolean): Promise<Figure[]> {
  return withEngine(async (lelu) => {
    const one = await timeAsync((n) => lelu.decide(request(n)), {
      total: quick ? 200 : 5000,
      callers: 1,
    })
    const many = await timeAsync((n) => lelu.decide(request(n)), {
      total: quick ? 2000 : 100_000,
      callers: 64,
    })
    const bare = await timeAsync(
      async (n) =>
        plain({ ...request(n), action: 'trade', args: {}, context: {}, agent: {} } as never),
      {
        total: 20_000,
        callers: 64,
      },
    )
    return [
      {
        name: 'decide with a durable audit record, 1 caller',
        unit: 'ms',
        value: round(one.p50),
        p50: round(one.p50),
        p99: round(one.p99),
        bar: '<= 0.4',
        peers: {},
      },
      {
        name: 'decide with a durable audit record, 64 callers',
        unit: '1/s',
        value: Math.round(many.perSecond),
        p50: round(many.p50),
        p99: round(many.p99),
        bar: '>= 20000',
        peers: { 'plain function, nothing recorded': Math.round(bare.perSecond) },
      },
    ]
  })
}

/** The whole life of an approval on SQLite: suspend, approve, mint, redeem, decide again, run, record. */
export async function cycleFigures(quick: boolean): Promise<Figure[]> {
  return withEngine(async (lelu) => {
    const cycle = async (n: number) => {
      const outcome = await lelu.guard(request(n, 0.5), () => n)
      if (outcome.status !== 'suspended') throw new Error('not suspended')
      await lelu.approvals.review(outcome.approval.id, { verdict: 'approve', reviewer })
      const resumed = await lelu.resume(outcome.approval.id, () => n)
      if (resumed.status !== 'executed') throw new Error('not executed')
    }
    const { p50, p99, perSecond } = await timeAsync(cycle, {
      total: quick ? 100 : 4000,
      callers: 16,
    })
    return [
      {
        name: 'suspend, approve, resume on SQLite, 16 at once',
        unit: '1/s',
        value: Math.round(perSecond),
        p50: round(p50),
        p99: round(p99),
        bar: '>= 500',
        peers: {},
      },
    ]
  })
}
