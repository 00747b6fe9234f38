import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLelu, type DecisionRequest, type Lelu, type LeluOptions } from '@lelu/engine'
import { type Figure, round, timeAsync } from './measure.ts'
import { plain, rego } from './rules.ts'
import { disturbance, undisturbed } from './steal.ts'

/** One trade of many; below 0.9 a person must approve it. */
export function request(n: number, confidence = 0.97): DecisionRequest {
  return {
    subject: { id: 'trader-1', type: 'agent', actingFor: { id: 'user-7', type: 'user' } },
    call: { id: `call-${n}`, tool: 'trade', input: { symbol: 'ACME', amount: n % 900 } },
    confidence: { method: 'external', trust: 'adapter', value: confidence, score: null },
    context: { frozen: false, environment: 'staging' },
  }
}

/** An engine in a folder of its own, for as long as it is used. */
export async function withEngine<T>(
  use: (lelu: Lelu) => Promise<T>,
  more: Partial<LeluOptions> = {},
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  const policies = { modules: [{ path: 'bench.rego', source: rego }] }
  const lelu = await createLelu({ directory, policies, ...more })
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
    const run = (callers: number, total: number) =>
      undisturbed(() => timeAsync((n) => lelu.decide(request(n)), { total, callers }))
    const one = await run(1, quick ? 200 : 5000)
    const many = await run(64, quick ? 2000 : 100_000)
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
        value: round(one.value.p50),
        p50: round(one.value.p50),
        p99: round(one.value.p99),
        bar: '<= 0.4',
        peers: disturbance(one),
      },
      {
        name: 'decide with a durable audit record, 64 callers',
        unit: '1/s',
        value: Math.round(many.value.perSecond),
        p50: round(many.value.p50),
        p99: round(many.value.p99),
        bar: '>= 20000',
        peers: {
          'plain function, nothing recorded': Math.round(bare.perSecond),
          ...disturbance(many),
        },
      },
    ]
  })
}
