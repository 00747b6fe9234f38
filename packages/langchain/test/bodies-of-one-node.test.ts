import { expect, test } from 'vitest'
import { pendingApprovals, resume } from '../src/index.ts'
import { type Body, guardedBy, toolOf } from './bodies.ts'
import { ask, calling, config, guardedAgent, openLelu, reviewer, toolMessages } from './support.ts'

test('a call in one body that waits does not end the node while a call in another body is at work', async () => {
  const lelu = await openLelu()
  const [begun, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let approved = false
  const guard: typeof lelu.guard = async (request, ...rest) => {
    const outcome = await lelu.guard(request, ...rest)
    if (approved && request.call.tool === 'reviewed_second') asked.resolve()
    return outcome
  }
  const innerOf = (name: string, body: Body) => guardedBy({ ...lelu, guard }, toolOf(name, body))
  const first = innerOf('reviewed_first', async () => {
    begun.resolve()
    await asked.promise
    // What ends the node has the time to do so.
    await new Promise((resolve) => setTimeout(resolve, 50))
    return 'first'
  })
  const second = innerOf('reviewed_second', () => 'second')
  const outers = [
    toolOf('allowed_first', async (runtime) => (await first.invoke({}, runtime)).text),
    toolOf('allowed_second', async (runtime) => {
      if (approved) await begun.promise
      return (await second.invoke({}, runtime)).text
    }),
  ]
  const agent = guardedAgent({
    lelu,
    answers: [calling(...outers.map(({ name }) => ({ id: name, name, args: {} })))],
    tools: outers,
    version: 'v1',
  })
  let result = await agent.invoke(ask, config)
  for (const action of ['reviewed_first', 'reviewed_second']) {
    const pending = pendingApprovals(result).find((one) => one.tool === action)
    const id = pending?.approvalId ?? ''
    approved = true
    await lelu.approvals.review(id, { verdict: 'approve', reviewer })
    result = await agent.invoke((await resume({ result, lelu })) as never, config)
    expect((await lelu.approvals.get(id)).state).toBe('completed')
  }
  const { allowed_first, allowed_second } = toolMessages(result)
  expect([allowed_first?.text, allowed_second?.text]).toEqual(['first', 'second'])
})
