import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditLog } from '@lelu/audit'
import { createLelu } from '@lelu/engine'
import { engineAlone, type Framework, frameworks, type Step } from './frameworks.ts'
import { type Figure, percentile, round } from './measure.ts'
import { rego } from './rules.ts'

/** A log that takes every record and keeps none: what is left is the adapter and the engine. */
function auditInMemory(): AuditLog {
  let seq = 0
  return {
    log: 'memory',
    stream: 'memory',
    directory: '',
    state: 'open',
    weakened: [],
    archive: undefined,
    sealed: undefined,
    seal: async () => undefined,
    ship: async () => true,
    append: async () => ({ stream: 'memory', seq: seq++, leaf: '' }),
    flush: async () => {},
    close: async () => {},
  }
}

type Difference = { added: number; p99: number; bare: number }

const timed = async (step: Step, calls: number): Promise<number> => {
  const started = performance.now()
  await step(calls)
  return performance.now() - started
}

/** Milliseconds that Lelu adds to one step, from pairs of a bare and a guarded one, one right after the other. */
async function difference(
  { bare, guarded }: { bare: Step; guarded: Step },
  calls: number,
  pairs: number,
): Promise<Difference> {
  const added: number[] = []
  const alone: number[] = []
  for (let n = -Math.ceil(pairs / 5); n < pairs; n += 1) {
    const bareFirst = n % 2 === 0
    const first = await timed(bareFirst ? bare : guarded, calls)
    const second = await timed(bareFirst ? guarded : bare, calls)
    if (n < 0) continue // warm-up
    const [without, withLelu] = bareFirst ? [first, second] : [second, first]
    added.push(withLelu - without)
    alone.push(without)
  }
  added.sort((a, b) => a - b)
  alone.sort((a, b) => a - b)
  return {
    added: percentile(added, 0.5),
    p99: percentile(added, 0.99),
    bare: percentile(alone, 0.5),
  }
}

async function figuresOf(framework: Framework, quick: boolean): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  const policies = { modules: [{ path: 'bench.rego', source: rego }] }
  const durable = await createLelu({ directory, policies })
  const memory = await createLelu({ directory, policies, audit: auditInMemory() })
  const { name, bare, hooked } = framework
  const kinds = [
    {
      what: 'durable audit, 1 call',
      lelu: durable,
      calls: 1,
      pairs: 400,
      unit: 'ms',
      bar: '<= 0.5',
    },
    {
      what: 'audit in memory, 1 call',
      lelu: memory,
      calls: 1,
      pairs: 1000,
      unit: 'us',
      bar: '<= 50',
    },
    {
      what: 'durable audit, 100 at once',
      lelu: durable,
      calls: 100,
      pairs: 60,
      unit: 'ms',
      bar: '<= 25',
    },
  ]
  const figures: Figure[] = []
  try {
    // A service that answers has long compiled its code; without this the first figure would pay for it.
    const warm = { bare, guarded: framework.guarded(memory) }
    await difference(warm, 1, quick ? 1 : 1000)
    if (hooked !== undefined) await difference({ bare, guarded: hooked }, 1, quick ? 1 : 1000)
    for (const { what, lelu, calls, pairs, unit, bar } of kinds) {
      const scale = unit === 'us' ? 1000 : 1
      const steps = { bare, guarded: framework.guarded(lelu) }
      const found = await difference(steps, calls, quick ? 5 : pairs)
      const added = async (guarded: Step) =>
        round((await difference({ bare, guarded }, calls, quick ? 5 : pairs)).added * scale)
      figures.push({
        name: `${name}: ${what}`,
        unit,
        value: round(found.added * scale),
        p50: round(found.added * scale),
        p99: round(found.p99 * scale),
        bar,
        peers: {
          'the step without Lelu': round(found.bare * scale),
          'added by the engine alone': await added(engineAlone(bare, lelu)),
          ...(hooked && { 'added by hooks that allow all': await added(hooked) }),
        },
      })
    }
    return figures
  } finally {
    await memory.close()
    await durable.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What an allowed call costs over the bare framework. */
export async function adapterFigures(quick: boolean): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const framework of frameworks) figures.push(...(await figuresOf(framework, quick)))
  return figures
}
