import { Annotation, entrypoint, MemorySaver, StateGraph, task } from '@langchain/langgraph'
import { expect, test } from 'vitest'
import { guardTools, pendingApprovals, resume } from '../src/index.ts'
import { approve, config, createTools, openLelu, reviewer, subject } from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>
type Call = { id: string; name: string; args: { amount: number }; type: 'tool_call' }
type Guarded = { invoke(call: Call): Promise<{ text: string }> }

const callOf = (name: string, { id = 'a', amount = 1 } = {}): Call => ({
  id,
  name,
  args: { amount },
  type: 'tool_call',
})

async function world() {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const [allowed, reviewed] = guardTools(tools, { lelu, subject }) as unknown as [Guarded, Guarded]
  return { lelu, allowed, reviewed, ran }
}

test('a task that is given a call runs it when it is allowed, and suspends it when a person must look', async () => {
  const { lelu, allowed, reviewed, ran } = await world()
  const run = task('run', async (call: Call) => {
    const { text } = await (call.name === 'allowed' ? allowed : reviewed).invoke(call)
    return text
  })
  const agent = entrypoint({ name: 'agent', checkpointer: new MemorySaver() }, (_: string) =>
    Promise.all([run(callOf('allowed')), run(callOf('reviewed', { id: 'b', amount: 2 }))]),
  )
  const result: unknown = await agent.invoke('go', config)
  await approve(lelu, result)
  const command = await resume({ result, lelu })
  expect(await agent.invoke(command as never, config)).toEqual(['allowed did 1', 'reviewed did 2'])
  expect(ran).toHaveLength(2)
})

test('an entrypoint that is given plain messages runs an allowed call', async () => {
  const { allowed } = await world()
  const agent = entrypoint(
    { name: 'agent', checkpointer: new MemorySaver() },
    async (_: { role: string; content: string }[]) =>
      (await allowed.invoke(callOf('allowed'))).text,
  )
  expect(await agent.invoke([{ role: 'user', content: 'Go on.' }], config)).toBe('allowed did 1')
})

test('a graph whose messages are plain objects runs an allowed call', async () => {
  const { allowed } = await world()
  const State = Annotation.Root({ messages: Annotation<unknown[]>() })
  const graph = new StateGraph(State)
    .addNode('work', async () => ({ messages: [(await allowed.invoke(callOf('allowed'))).text] }))
    .addEdge('__start__', 'work')
    .compile({ checkpointer: new MemorySaver() })
  const done = await graph.invoke({ messages: [{ role: 'user', content: 'Go on.' }] }, config)
  expect(done.messages).toEqual(['allowed did 1'])
})

/** Approves whatever waits, one after the other, until the run is over. */
async function approveAll(lelu: Lelu, run: (input: unknown) => Promise<unknown>): Promise<unknown> {
  for (let result = await run('go'); ; ) {
    const [waiting] = pendingApprovals(result)
    if (waiting === undefined) return result
    await lelu.approvals.review(waiting.approvalId, { verdict: 'approve', reviewer })
    result = await run(await resume({ result, lelu }))
  }
}

test('calls of one id that no message names wait each for itself, and each runs once', async () => {
  const { lelu, reviewed, ran } = await world()
  const agent = entrypoint(
    { name: 'agent', checkpointer: new MemorySaver() },
    async (_: string) => {
      const first = await reviewed.invoke(callOf('reviewed'))
      const second = await reviewed.invoke(callOf('reviewed', { amount: 2 }))
      const third = await reviewed.invoke(callOf('reviewed', { amount: 2 }))
      return [first.text, second.text, third.text]
    },
  )
  const done = await approveAll(lelu, (input) => agent.invoke(input as string, config))
  expect(done).toEqual(['reviewed did 1', 'reviewed did 2', 'reviewed did 2'])
  expect(ran).toHaveLength(3)
  expect((await lelu.approvals.list()).approvals).toHaveLength(3)
})

test('a node that LangGraph tries again answers an approved call with its first result', async () => {
  const { lelu, reviewed, ran } = await world()
  let failures = 2
  const work = async () => {
    const { text } = await reviewed.invoke(callOf('reviewed'))
    if (failures-- > 0) throw new Error('not yet')
    return { text }
  }
  const retryPolicy = { maxAttempts: 3, initialInterval: 1, jitter: false, logWarning: false }
  const graph = new StateGraph(Annotation.Root({ text: Annotation<string>() }))
    .addNode('work', work, { retryPolicy })
    .addEdge('__start__', 'work')
    .compile({ checkpointer: new MemorySaver() })
  const run = (input: unknown) =>
    graph.invoke((input === 'go' ? { text: '' } : input) as { text: string }, config)
  expect(await approveAll(lelu, run)).toEqual({ text: 'reviewed did 1' })
  expect(ran).toHaveLength(1)
})
