// One gateway process: calls a tool as often as it reads a line, and prints what it is answered.
import { createInterface } from 'node:readline'
import { createLelu, type Policy } from '@lelu/engine'
import { readGatewayConfig } from '../../src/gateway/config.ts'
import { openGateway } from '../../src/gateway/gateway.ts'
import type { CallContext } from '../../src/surface/call.ts'

const [path = '', directory = ''] = process.argv.slice(2)
// Not Rego: to load the compiler takes longer than everything else.
const policies: Policy = {
  revision: 'asks',
  evaluate: () => ({
    effect: 'require_approval',
    reasons: [{ id: 'ask', message: 'A person decides.' }],
    obligations: [],
    requirements: [{ id: 'ask', quorum: 1, reviewers: null, expiresInMs: null }],
  }),
}
const lelu = await createLelu({ directory, policies, leaseMs: 500 })
const gateway = await openGateway({
  config: await readGatewayConfig(path, process.env),
  lelu,
  pending: {
    answer: async ({ id }) => ({
      kind: 'result',
      result: { content: [{ type: 'text', text: id }] },
    }),
  },
  notice: () => {},
})
const context: CallContext = {
  principal: {
    key: 'test|alice',
    subject: { id: 'assistant', type: 'agent', actingFor: { id: 'alice', type: 'user' } },
    tenant: 'default',
    scopes: ['call'],
    reviewer: null,
  },
  peer: {
    name: 'test',
    version: '1',
    protocol: '2025-11-25',
    era: 'legacy',
    elicits: { form: false, url: false },
    tasks: false,
  },
  signal: new AbortController().signal,
  meta: {},
  answers: undefined,
  progress: async () => {},
}
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const { name, input } = JSON.parse(line)
  const tools = await gateway.surface.tools(context.principal)
  const tool = tools.find((one) => one.name === name)
  const answer = await tool?.call(input, context)
  const [block] = answer?.kind === 'result' ? answer.result.content : []
  console.log(block?.type === 'text' ? block.text.split('\n')[0] : 'no such tool')
}
await gateway.close()
await lelu.close()
