import { MemorySaver } from '@langchain/langgraph'
import { AIMessage, createAgent, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { guardTool, leluMiddleware, pendingApprovals, resume } from '../src/index.ts'
import { ask, calling, config, openLelu, reviewer, subject, toolMessages } from './support.ts'

type Inner = { invoke(input: unknown, runtime: unknown): Promise<{ text: string }> }

const schema = z.object({})

test('a call in one body that waits does not end the node while a call in another body is at work', async () => {
  const lelu = await openLelu()
  const [begun, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let approved = false
  const guard: typeof lelu.guard = async (request, ...rest) => {
    const outcome = await lelu.guard(request, ...rest)
    if (approved && request.call.tool === 'reviewed_second') asked.resolve()
    return outcome
  }
  const guarded = (name: string, work: () => Promise<string>) =>
    guardTool(tool(work, { name, schema }), {
      lelu: { ...lelu, guard },
      subject,
    }) as unknown as Inner
  const first = guarded('reviewed_first', async () => {
    begun.resolve()
    await asked.promise
    // What ends the node has the time to do so.
    await new Promise((resolve) => setTimeout(resolve, 50))
    return 'first'
  })
  const second = guarded('reviewed_second', async () => 'second')
  const outers = [
    tool(async (_input, runtime) => (await first.invoke({}, runtime)).text, {
      name: 'allowed_first',
      schema,
    }),
    tool(
      async (_input, runtime) => {
        if (approved) await begun.promise
        return (await second.invoke({}, runtime)).text
      },
      { name: 'allowed_second', schema },
    ),
  ]
  const agent = createAgent({
    model: fakeModel()
      .respond(calling(...outers.map(({ name }) => ({ id: name, name, args: {} }))))
      .respond(new AIMessage('Finished.')),
    tools: outers,
    version: 'v1',
    middleware: [leluMiddleware({ lelu, subject })],
    checkpointer: new MemorySaver(),
  })
  let result = await agent.invoke(ask, config)
  for (const action of ['reviewed_first', 'reviewed_second']) {
    const pending = pendingApprovals(result).find((one) => one.action === action)
    const id = pending?.approvalId ?? ''
    approved = true
    await lelu.approvals.review(id, { verdict: 'approve', reviewer })
    result = await agent.invoke((await resume({ result, lelu })) as never, config)
    expect((await lelu.approvals.get(id)).state).toBe('completed')
  }
  const { allowed_first, allowed_second } = toolMessages(result)
  expect([allowed_first?.text, allowed_second?.text]).toEqual(['first', 'second'])
})
