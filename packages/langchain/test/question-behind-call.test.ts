import {
  Command,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  StateGraph,
} from '@langchain/langgraph'
import { AIMessage, createAgent, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { guardTool, leluMiddleware, resume } from '../src/index.ts'
import {
  ask,
  calling,
  config,
  createTools,
  openLelu,
  reviewer,
  subject,
  toolGraph,
  waitingId,
} from './support.ts'

// LangGraph answers the questions of a node in order, and anew in every run of it: a call that waited is one of them.

type Inner = { invoke(input: unknown, config: unknown): Promise<{ status?: string }> }
type Asked = { __interrupt__?: { value: unknown }[] }
type Run = (input: unknown) => Promise<Asked>

const places = ['plain node', 'ToolNode', 'middleware'] as const
const question = 'Delete everything?'

/** A body that calls a guarded tool and then asks its user. */
async function world(place: (typeof places)[number]) {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const reviewed = guardTool(tools[1], { lelu, subject }) as unknown as Inner
  const answers: unknown[] = []
  const states: unknown[] = []
  const body = async (given: unknown, config: unknown) => {
    states.push((await reviewed.invoke(given, config)).status)
    answers.push(interrupt(question))
  }
  const checkpointer = new MemorySaver()
  let run: Run
  if (place === 'plain node') {
    const call = { id: 'own', name: 'reviewed', args: { amount: 1 }, type: 'tool_call' }
    const graph = new StateGraph(MessagesAnnotation)
      .addNode('work', async (_state, config) => {
        await body(call, config)
        return {}
      })
      .addEdge('__start__', 'work')
      .compile({ checkpointer })
    run = (input) => graph.invoke(input as never, config) as Promise<Asked>
  } else {
    const outer = tool(
      async (_input, config) => {
        await body({ amount: 1 }, config)
        return 'done'
      },
      { name: 'allowed_outer', schema: z.object({}) },
    )
    const answer = calling({ name: 'allowed_outer', args: {} })
    if (place === 'ToolNode') {
      const graph = toolGraph(answer, [guardTool(outer, { lelu, subject })], { checkpointer })
      run = (input) => graph.invoke(input as never, config) as Promise<Asked>
    } else {
      const agent = createAgent({
        model: fakeModel().respond(answer).respond(new AIMessage('Finished.')),
        tools: [outer],
        middleware: [leluMiddleware({ lelu, subject })],
        checkpointer,
      })
      run = (input) => agent.invoke(input as never, config) as Promise<Asked>
    }
  }
  return { lelu, run, ran, answers, states }
}

const wakings = ['resume()', 'true for all', 'too early'] as const
const verdicts = ['approve', 'deny'] as const
const cases = places.flatMap((place) =>
  verdicts.flatMap((verdict) => wakings.map((how) => [place, verdict, how] as const)),
)

test.each(cases)(
  'the question behind a call that waited is answered by its user alone (%s, %s, %s)',
  async (place, verdict, how) => {
    const { lelu, run, ran, answers, states } = await world(place)
    let result = await run(ask)
    if (how === 'too early') result = await run(new Command({ resume: 'early' }))
    await lelu.approvals.review(waitingId(result), { verdict, reviewer })
    const command =
      how === 'resume()' ? await resume({ result, lelu }) : new Command({ resume: true })
    result = await run(command)
    expect(answers).toEqual([])
    expect(result.__interrupt__?.map(({ value }) => value)).toEqual([question])
    await run(new Command({ resume: 'NO!' }))
    expect(answers).toEqual(['NO!'])
    expect(ran).toHaveLength(verdict === 'approve' ? 1 : 0)
    if (verdict === 'deny') expect(states).toContain('error')
  },
)
