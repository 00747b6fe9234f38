import { randomUUID } from 'node:crypto'
import { MemorySaver } from '@langchain/langgraph'
import { createAgent, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import * as z3 from 'zod/v3'
import { guardTool, leluMiddleware, pendingApprovals, resume } from '../src/index.ts'
import {
  answering,
  approve,
  ask,
  calling,
  config,
  guardedAgent,
  openLelu,
  rootOf,
  subject,
  toolGraph,
} from './support.ts'

/** Every process makes its tools anew, and such a default with them. */
const schemas = {
  'zod 4': () => z.object({ ref: z.string().default(() => randomUUID()) }),
  'zod 3': () => z3.object({ ref: z3.string().default(() => randomUUID()) }),
}

test.each(Object.entries(schemas))(
  'a default of %s that is made anew does not make another tool of it in the next process',
  async (_name, schema) => {
    const lelu = await openLelu()
    const ran: unknown[] = []
    const checkpointer = new MemorySaver()
    const answers = answering(calling({ id: 'a', name: 'reviewed', args: { ref: 'r-1' } }))
    const agent = () =>
      createAgent({
        model: answers,
        tools: [
          tool((input) => void ran.push(input), { name: 'reviewed', schema: schema() as never }),
        ],
        middleware: [leluMiddleware({ lelu, subject })],
        checkpointer,
      })
    const result = await agent().invoke(ask, config)
    await approve(lelu, result)
    const command = await resume({ result, lelu })
    if (command === undefined) throw new Error('nothing to resume')
    await agent().invoke(command, config)
    expect(ran).toEqual([{ ref: 'r-1' }])
  },
)

test.each(['middleware', 'guardTool'] as const)(
  'a schema that makes another value of the same arguments each time is told to the developer (%s), and nobody is asked',
  async (where) => {
    const lelu = await openLelu()
    const ran: unknown[] = []
    const one = tool((input) => void ran.push(input), {
      name: 'reviewed',
      schema: schemas['zod 4'](),
    })
    const answer = calling({ id: 'a', name: 'reviewed', args: {} })
    const graph =
      where === 'middleware'
        ? guardedAgent({ lelu, answers: [answer], tools: [one] })
        : toolGraph(answer, [guardTool(one, { lelu, subject })])
    expect(await rootOf(graph.invoke(ask as never, config))).toMatchObject({
      code: 'LELU_TOOL_UNSUPPORTED',
      message: expect.stringContaining('reviewed'),
    })
    expect(await lelu.approvals.list({ state: 'pending' })).toMatchObject({ approvals: [] })
    expect(pendingApprovals(await graph.getState?.(config))).toEqual([])
    expect(ran).toEqual([])
  },
)
