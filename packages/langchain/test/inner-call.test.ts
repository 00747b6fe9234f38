import type { CallEvidence } from '@lelu/engine/adapter'
import { AIMessage, createMiddleware } from 'langchain'
import { expect, test } from 'vitest'
import { guardTool, leluMiddleware, pendingApprovals, resume } from '../src/index.ts'
import { guardedBy, type Inner, runOf, toolOf } from './bodies.ts'
import {
  agentOf,
  answering,
  ask,
  calling,
  config,
  createTools,
  openLelu,
  reviewer,
  subject,
  toolGraph,
  toolMessages,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

/** The guarded tools of the tests, and one more of a name that a person must look at. */
function guarded(lelu: Lelu) {
  const { tools, ran } = createTools()
  const another = toolOf('reviewed_too', (_config, input) =>
    String(ran.push({ tool: 'reviewed_too', input })),
  )
  const [allowed, reviewed, denied, reviewedToo] = [...tools, another].map((one) =>
    guardedBy(lelu, one),
  ) as [Inner, Inner, Inner, Inner]
  return { allowed, reviewed, denied, reviewedToo, ran }
}

const places = ['middleware', 'plain agent', 'plain ToolNode'] as const

test.each(places)(
  'in a tool that is allowed, a tool that is denied does not run (%s)',
  async (where) => {
    const lelu = await openLelu()
    const { denied, ran } = guarded(lelu)
    const body = async (runtime: object) => (await denied.invoke({ amount: 1 }, runtime)).text
    const done = await runOf(lelu, toolOf('allowed_helper', body), where)(ask)
    expect(toolMessages(done).outer?.text).toContain('Denied by policy')
    expect(ran).toEqual([])
  },
)

test.each(places)(
  'what a tool calls waits in its own name, each call for itself, and runs once (%s)',
  async (where) => {
    const lelu = await openLelu()
    const { reviewed, reviewedToo, ran } = guarded(lelu)
    const body = async (runtime: object) => {
      const texts: string[] = []
      for (const inner of [reviewed, reviewedToo, reviewed]) {
        texts.push((await inner.invoke({ amount: 1, note: 'x' }, runtime)).text)
      }
      return texts.join()
    }
    const run = runOf(lelu, toolOf('allowed_helper', body), where)
    let result = await run(ask)
    const tools: string[] = []
    for (const _round of [1, 2, 3]) {
      const [pending] = pendingApprovals(result)
      expect(pending?.toolCallId).toBe('outer')
      tools.push(pending?.tool ?? '')
      await lelu.approvals.review(pending?.approvalId ?? '', { verdict: 'approve', reviewer })
      result = await run(await resume({ result, lelu }))
    }
    expect(tools).toEqual(['reviewed', 'reviewed_too', 'reviewed'])
    expect(toolMessages(result).outer?.text).toBe('reviewed did 1,2,reviewed did 1')
    expect(ran).toHaveLength(3)
  },
)

test('a tool that hands on what another one answered has answered its own call', async () => {
  const lelu = await openLelu()
  const { allowed } = guarded(lelu)
  const outer = toolOf('allowed_helper', (runtime) => allowed.invoke({ amount: 1 }, runtime))
  const done = await runOf(lelu, outer, 'plain ToolNode')(ask)
  expect(toolMessages(done).outer?.text).toBe('allowed did 1')
})

test.each(['before', 'behind'] as const)(
  'middleware %s ours that puts another tool into the request does not get past the decision on that tool',
  async (place) => {
    const lelu = await openLelu()
    const { tools, ran } = createTools()
    const denied = guardTool(tools[2], { lelu, subject })
    const swap = createMiddleware({
      name: 'Swap',
      wrapToolCall: (request, handler) => handler({ ...request, tool: denied as never }),
    })
    const lelus = leluMiddleware({ lelu, subject })
    const agent = agentOf({
      model: answering(calling({ name: 'allowed' })),
      tools: [...tools],
      middleware: place === 'before' ? [swap, lelus] : [lelus, swap],
    })
    expect(toolMessages(await agent.invoke(ask, config)).call_0?.text).toContain('Denied by policy')
    expect(ran).toEqual([])
  },
)

test('calls of a tool of the same name are told apart from the one around them', async () => {
  const lelu = await openLelu()
  const ids: string[] = []
  const guard: typeof lelu.guard = (request, ...rest) => {
    ids.push(request.call.id)
    return lelu.guard(request, ...rest)
  }
  const heard = { ...lelu, guard }
  const { allowed, ran } = guarded(heard)
  const body = async (runtime: object) => {
    for (const _time of [1, 2]) await allowed.invoke({ amount: 1 }, runtime)
    return ''
  }
  await runOf(heard, toolOf('allowed', body), 'middleware')(ask)
  expect(ran).toHaveLength(2)
  expect(new Set(ids).size).toBe(3)
})

test('a guarded tool that calls one that calls one does not wait for itself', async () => {
  const lelu = await openLelu()
  const levels = ['allowed_inner', 'allowed_middle', 'allowed_outer']
  const none: Inner = { invoke: async () => ({ text: 'done' }) }
  const outer = levels.reduce<Inner>((inside, name) => {
    const body = async (runtime: object) => (await inside.invoke({ amount: 1 }, runtime)).text
    return guardedBy(lelu, toolOf(name, body))
  }, none)
  const graph = toolGraph(calling({ name: 'allowed_outer', args: { amount: 1 } }), [outer])
  const done = await graph.invoke(ask as never, config)
  expect(toolMessages(done).call_0?.text).toBe('done')
})

test('what the model wrote of the call around it is no evidence of a call that a tool makes', async () => {
  const lelu = await openLelu()
  const { tools } = createTools()
  const seen: CallEvidence[] = []
  const confidence = (evidence: CallEvidence) => {
    seen.push(evidence)
    return undefined
  }
  const inner = guardTool(tools[0], { lelu, subject, confidence }) as unknown as Inner
  const text = '{"amount": 5}'
  const raw = { id: 'outer', type: 'function' as const }
  const answer = new AIMessage({
    content: '',
    tool_calls: [{ id: 'outer', name: 'allowed_helper', args: { amount: 5 } }],
    additional_kwargs: {
      tool_calls: [{ ...raw, function: { name: 'allowed_helper', arguments: text } }],
    },
  })
  const outer = guardTool(
    toolOf('allowed_helper', async (runtime) => (await inner.invoke({ amount: 1 }, runtime)).text),
    { lelu, subject, confidence },
  )
  await toolGraph(answer, [outer]).invoke(ask as never, config)
  expect(seen.map(({ call }) => [call.tool, call.text])).toEqual([
    ['allowed_helper', text],
    ['allowed', undefined],
  ])
  expect(seen[1]?.raw).toBeUndefined()
})
