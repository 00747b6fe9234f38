// Decides as fast as it can, prints the id of each decision once it was answered, and kills itself. Arguments: directory, ms.

import { writeSync } from 'node:fs'
import { createLelu } from '@lelu/engine'
import { testCache } from '../support/cache.ts'
import { overview, rego } from './rules.ts'

const [directory = '', ms = '50'] = process.argv.slice(2)
const lelu = await createLelu({ directory, policies: rego(overview), cache: testCache })
setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(ms))
async function caller(name: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const decision = await lelu.decide({
      subject: { id: 'trader-1', type: 'agent' },
      call: { id: `${name}-${n}`, tool: 'trade', input: { n } },
      confidence: { method: 'external', trust: 'adapter', value: 0.97, score: null },
    })
    writeSync(1, `${decision.id}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, (_, n) => caller(n)))
