import { Annotation, entrypoint, MemorySaver, StateGraph, task } from '@langchain/langgraph'
import { expect, test } from 'vitest'
import { guardTools, resume } from '../src/index.ts'
import { config, createTools, openLelu, reviewer, subject, waitingId } from './support.ts'

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
  await lelu.approvals.review(waitingId(result), { verdict: 'approve', reviewer })
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
