import { Command } from '@langchain/langgraph'
import { tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { approve, ask, calling, config, guardedAgent, openLelu } from './support.ts'

/** A call of a tool with this schema, which a person has approved with another amount. */
async function edited(amount: z.ZodType<number>, to: number) {
  const lelu = await openLelu()
  const ran: unknown[] = []
  const reviewed = tool((input) => `${ran.push(input)}`, {
    name: 'reviewed',
    schema: z.object({ amount }),
  })
  const agent = guardedAgent({ lelu, answers: [calling({ name: 'reviewed' })], tools: [reviewed] })
  const id = await approve(lelu, await agent.invoke(ask, config), { input: { amount: to } })
  await agent.invoke(new Command({ resume: true }), config)
  return { ran, result: (await lelu.approvals.get(id)).result }
}

test('an edit passes a schema that makes another zero of it, for JSON has one', async () => {
  const { ran } = await edited(
    z.number().overwrite((number) => (number === 0 ? -0 : number)),
    0,
  )
  expect(ran).toHaveLength(1)
})

test('an edit that the schema refuses is recorded as a call that did not run', async () => {
  const { ran, result } = await edited(
    z.number().refine((number) => number !== 6),
    6,
  )
  expect(ran).toEqual([])
  expect(result).toMatchObject({ status: 'not_run' })
})
