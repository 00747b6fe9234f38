import type { CallEvidence, ConfidenceReader } from '@lelu/engine/adapter'
import { expect, test } from 'vitest'
import { calling } from './model.ts'
import {
  agentWith,
  answersOf,
  approveAll,
  createTools,
  reviewer,
  temporaryFolder,
} from './support.ts'

function reading(seen: CallEvidence[]): ConfidenceReader {
  const read: ConfidenceReader = (evidence) => {
    seen.push(evidence)
    const { reported } = evidence
    const value = typeof reported === 'number' ? reported : null
    return { method: 'verbalized', trust: 'claimed', value, score: null }
  }
  return Object.assign(read, { added: { name: 'how_sure', schema: { type: 'number' as const } } })
}

const trade = (how_sure: number) => [
  calling({ id: 'call_0', tool: 'trade', input: { how_sure, amount: '5' } }),
]

test('the reader is given the call, and its own field apart from it', async () => {
  const seen: CallEvidence[] = []
  const { ask, model, ran } = await agentWith({
    steps: trade(0.95),
    options: { confidence: reading(seen) },
  })
  expect(answersOf(await ask())[0]?.text).toBe('trade did 5')
  expect(ran()).toEqual([{ tool: 'trade', input: { amount: 5, note: 'none' } }])
  expect(seen).toEqual([
    {
      call: {
        id: 'call_0',
        tool: 'trade',
        input: { amount: '5' },
        text: '{"how_sure":0.95,"amount":"5"}',
      },
      reported: 0.95,
    },
  ])
  expect(JSON.stringify(model.requests[0]?.tools)).toContain(
    '"required":["amount","note","how_sure"]',
  )
})

test('a call with a field of the reader suspends, is edited without it, and runs once', async () => {
  const seen: CallEvidence[] = []
  const { ask, pending, resume, ran, lelu } = await agentWith({
    steps: trade(0.2),
    options: { confidence: reading(seen) },
  })
  const result = await ask()
  const [waiting] = await pending(result)
  const id = waiting?.approvalId ?? ''
  expect((await lelu.approvals.get(id)).request.call.input).toEqual({ amount: 5, note: 'none' })
  const input = { amount: 3, note: 'less' }
  await lelu.approvals.review(id, { verdict: 'approve', reviewer, input })
  const stored = result.state.toString()
  await resume(stored)
  await resume(stored)
  expect(ran()).toEqual([{ tool: 'trade', input }])
})

test('a field of the reader that the tool has itself is refused by name', async () => {
  const confidence = Object.assign(() => undefined, {
    added: { name: 'amount', schema: { type: 'number' as const } },
  })
  await expect(agentWith({ steps: [], options: { confidence } })).rejects.toThrow('amount')
})

test('guarding changes neither the tool nor the list that is given', async () => {
  const tools = createTools(temporaryFolder())
  const before = tools.map((tool) => ({ ...tool }))
  const { lelu } = await agentWith({
    steps: [],
    tools,
    options: { confidence: reading([]) },
  })
  expect(tools).toEqual(before)
  expect(await approveAll(lelu)).toBe(0)
})
