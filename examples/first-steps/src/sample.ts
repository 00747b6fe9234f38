import { external } from '@lelu/confidence'
import { createLelu } from '@lelu/engine'

const lelu = await createLelu({ policies: './policies' })
const subject = { id: 'trader-1', type: 'agent' } as const

for (const confidence of [0.97, 0.85]) {
  const call = { id: `call-${confidence}`, tool: 'trade', input: { symbol: 'ACME', amount: 100 } }
  const request = { run: 'chat-1', subject, call, confidence: external(confidence) }
  const outcome = await lelu.guard(request, ({ input }) => `bought ${JSON.stringify(input)}`)
  console.log(confidence, outcome.status, outcome.status === 'executed' ? outcome.value : '')
}
await lelu.close()
// 0.97 executed bought {"amount":100,"symbol":"ACME"}
// 0.85 suspended
