import {
  type FunctionTool,
  type Span,
  setTraceProcessors,
  setTracingDisabled,
  tool,
  withCustomSpan,
} from '@openai/agents'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { calling } from './model.ts'
import { agentWith } from './support.ts'

let spans: Span<never>[] = []
let names: unknown[] = []

beforeEach(() => {
  const nothing = async () => {}
  spans = []
  names = []
  setTracingDisabled(false)
  setTraceProcessors([
    {
      onTraceStart: async ({ name }) => void names.push(name),
      onTraceEnd: nothing,
      onSpanStart: async ({ spanData }) => void names.push('name' in spanData && spanData.name),
      onSpanEnd: async (span) => void spans.push(span as Span<never>),
      shutdown: nothing,
      forceFlush: nothing,
    },
  ])
})

afterEach(() => {
  setTracingDisabled(true)
  setTraceProcessors([])
})

const named = (name: string) => spans.find(({ spanData }) => Reflect.get(spanData, 'name') === name)

function allowed(execute: () => unknown): FunctionTool[] {
  const made = tool({ name: 'allowed', description: 'A tool.', parameters: z.object({}), execute })
  return [made as unknown as FunctionTool]
}

async function askFor(tools: FunctionTool[]): Promise<void> {
  const steps = [calling({ id: 'c1', tool: 'allowed', input: {} })]
  const { ask } = await agentWith({ steps, tools, config: { tracingDisabled: false } })
  await ask()
}

test('a decision leaves nothing in the trace of the run', async () => {
  await askFor(allowed(() => 'done'))
  expect(names).toContain('allowed')
  expect(names.filter((name) => name === 'Agent workflow')).toHaveLength(2)
  expect(names).not.toContain('parse')
})

test('what a tool traces is under the span of its call', async () => {
  await askFor(allowed(() => withCustomSpan(async () => 'done', { data: { name: 'inside' } })))
  expect(named('inside')?.parentId).toBe(named('allowed')?.spanId)
})

test('the error of a tool is that of the span of its call', async () => {
  await askFor(
    allowed(() => {
      throw new Error('down')
    }),
  )
  expect(named('allowed')?.error).toMatchObject({ data: { tool_name: 'allowed' } })
})
