import { MemorySaver } from '@langchain/langgraph'
import { AIMessage, createAgent, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { guardTool, LeluError, leluMiddleware, pendingApprovals, resume } from '../src/index.ts'
import { ask, calling, config, openLelu, reviewer, subject, toolMessages } from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>
type Inner = { invoke(input: unknown, runtime: unknown): Promise<{ text: string }> }
type Body = (runtime: unknown) => Promise<string>

const schema = z.object({})
const toolOf = (name: string, body: Body) =>
  tool((_input, runtime) => body(runtime), { name, schema })

const guarded = (lelu: Lelu, name: string, body: () => string | Promise<string>) =>
  guardTool(
    toolOf(name, async () => body()),
    { lelu, subject },
  ) as unknown as Inner

const outers = ['a guarded tool', 'a plain tool'] as const

/** An agent whose one tool has this body. */
function agentOf(lelu: Lelu, body: Body, outer: (typeof outers)[number]) {
  const agent = createAgent({
    model: fakeModel()
      .respond(calling({ id: 'outer', name: 'allowed_helper', args: {} }))
      .respond(new AIMessage('Finished.')),
    tools: [toolOf('allowed_helper', body)],
    middleware: outer === 'a guarded tool' ? [leluMiddleware({ lelu, subject })] : [],
    checkpointer: new MemorySaver(),
  })
  const goOn = async (result: unknown) =>
    agent.invoke((await resume({ result, lelu })) as never, config)
  return { start: () => agent.invoke(ask, config), goOn }
}

const approve = (lelu: Lelu, id = '') => lelu.approvals.review(id, { verdict: 'approve', reviewer })

test.each(outers)(
  'calls that the body of %s makes at once wait together, and each runs once',
  async (outer) => {
    const lelu = await openLelu()
    const ran: string[] = []
    const names = ['reviewed', 'allowed', 'reviewed_too']
    const inner = names.map((name) => guarded(lelu, name, () => `${name} ${ran.push(name)}`))
    const body: Body = async (runtime) => {
      const answers = await Promise.all(inner.map((one) => one.invoke({}, runtime)))
      return answers.map(({ text }) => text).join()
    }
    const { start, goOn } = agentOf(lelu, body, outer)
    let result = await start()
    const [first, second] = pendingApprovals(result)
    expect([first?.action, second?.action]).toEqual(['reviewed', 'reviewed_too'])
    expect(ran).toEqual([])
    // The second one is decided first.
    await approve(lelu, second?.approvalId)
    result = await goOn(result)
    expect(ran).toEqual(['reviewed_too'])
    await approve(lelu, first?.approvalId)
    result = await goOn(result)
    expect(toolMessages(result).outer?.text).toBe('reviewed 2,allowed 3,reviewed_too 1')
    expect(ran).toHaveLength(3)
  },
)

test.each(outers.flatMap((outer) => [[outer, 'allowed'] as const, [outer, 'reviewed'] as const]))(
  'in the body of %s, a call (%s) that ends when a later one has run does not hold that one up',
  async (outer, kind) => {
    const lelu = await openLelu()
    const [started, event] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const watch = guarded(lelu, `${kind}_watch`, async () => {
      started.resolve()
      await event.promise
      return 'watched'
    })
    const trigger = guarded(lelu, 'allowed_trigger', () => {
      event.resolve()
      return 'triggered'
    })
    const body: Body = async (runtime) => {
      const watching = watch.invoke({}, runtime)
      await Promise.race([started.promise, watching])
      const { text } = await trigger.invoke({}, runtime)
      return `${(await watching).text}, ${text}`
    }
    const { start, goOn } = agentOf(lelu, body, outer)
    let result = await start()
    for (const { approvalId } of pendingApprovals(result)) {
      await approve(lelu, approvalId)
      result = await goOn(result)
    }
    expect(toolMessages(result).outer?.text).toBe('watched, triggered')
  },
)

test.each(outers)(
  'the body of %s that has caught an outage may try again, and the call runs',
  async (outer) => {
    const lelu = await openLelu()
    let down = true
    const guard: Lelu['guard'] = (...given) =>
      down
        ? Promise.reject(
            new LeluError('LELU_STORE_UNAVAILABLE', 'The store is down.', { help: '' }),
          )
        : lelu.guard(...given)
    const allowed = guarded({ ...lelu, guard }, 'allowed', () => 'did it')
    const body: Body = async (runtime) => {
      await expect(allowed.invoke({}, runtime)).rejects.toThrow('The store is down.')
      down = false
      return (await allowed.invoke({}, runtime)).text
    }
    const done = await agentOf(lelu, body, outer).start()
    expect(toolMessages(done).outer?.text).toBe('did it')
  },
)

test('the approvals of calls whose interrupts a guarded tool has caught are cancelled', async () => {
  const lelu = await openLelu()
  const ran: string[] = []
  const names = ['reviewed', 'reviewed_too']
  const inner = names.map((name) => guarded(lelu, name, () => `${ran.push(name)}`))
  const body: Body = async (runtime) => {
    for (const one of inner) await expect(one.invoke({}, runtime)).rejects.toThrow()
    return 'went on'
  }
  const done = await agentOf(lelu, body, 'a guarded tool').start()
  expect(pendingApprovals(done)).toEqual([])
  expect(toolMessages(done).outer?.text).toBe('went on')
  const { approvals } = await lelu.approvals.list()
  expect(approvals.map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
  expect(ran).toEqual([])
})
