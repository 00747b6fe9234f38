import { Command, interrupt, MemorySaver } from '@langchain/langgraph'
import { AIMessage, createAgent, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { guardTool, leluMiddleware, resume } from '../src/index.ts'
import {
  ask,
  calling,
  config,
  openLelu,
  reviewer,
  subject,
  toolGraph,
  waitingId,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

/** A tool that asks a question of its own, and what it was answered. */
function askingTool(name: string) {
  const answers: unknown[] = []
  const asking = tool(() => `${answers.push(interrupt('Delete everything?'))}`, {
    name,
    schema: z.object({}),
  })
  return { asking, answers }
}

function graphOf(lelu: Lelu, name: string, where: 'middleware' | 'ToolNode') {
  const { asking, answers } = askingTool(name)
  const answer = calling({ name, args: {} })
  const checkpointer = new MemorySaver()
  if (where === 'ToolNode') {
    const graph = toolGraph(answer, [guardTool(asking, { lelu, subject })], { checkpointer })
    return { answers, run: (input: unknown) => graph.invoke(input as typeof ask, config) }
  }
  const agent = createAgent({
    model: fakeModel().respond(answer).respond(new AIMessage('Finished.')),
    tools: [asking],
    middleware: [leluMiddleware({ lelu, subject })],
    checkpointer,
  })
  return { answers, run: (input: unknown) => agent.invoke(input as typeof ask, config) }
}

const wakings = ['resume()', 'true for all', 'twice'] as const

test.each(
  (['middleware', 'ToolNode'] as const).flatMap((where) =>
    wakings.map((how) => [where, how] as const),
  ),
)(
  'what woke an approved call does not answer the question of its tool (%s, %s)',
  async (where, how) => {
    const lelu = await openLelu()
    const { answers, run } = graphOf(lelu, 'reviewed', where)
    let result = await run(ask)
    if (how === 'twice') result = await run(new Command({ resume: { early: true } }))
    await lelu.approvals.review(waitingId(result), { verdict: 'approve', reviewer })
    const command =
      how === 'resume()' ? await resume({ result, lelu }) : new Command({ resume: true })
    const asked = (await run(command)) as { __interrupt__?: { value: unknown }[] }
    expect(answers).toEqual([])
    expect(asked.__interrupt__?.map(({ value }) => value)).toEqual(['Delete everything?'])
  },
)

test.each(['middleware', 'ToolNode'] as const)(
  'the question of an allowed tool is answered with what its user said (%s)',
  async (where) => {
    const { answers, run } = graphOf(await openLelu(), 'allowed', where)
    await run(ask)
    await run(new Command({ resume: 'No!' }))
    expect(answers).toEqual(['No!'])
  },
)
