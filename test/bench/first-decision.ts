// A process of its own: opens an engine, decides once, prints the milliseconds since the process began.
import { createLelu } from '@lelu/engine'
import { rego } from './rules.ts'

const directory = process.argv[2] as string
const lelu = await createLelu({
  directory,
  policies: { modules: [{ path: 'bench.rego', source: rego }] },
})
await lelu.decide({
  subject: { id: 'trader-1', type: 'agent' },
  call: { id: 'call-1', tool: 'trade', input: { symbol: 'ACME', amount: 1 } },
  confidence: { method: 'external', trust: 'adapter', value: 0.97, score: null },
})
process.stdout.write(`${performance.now()}\n`)
await lelu.close()
process.exit(0)
