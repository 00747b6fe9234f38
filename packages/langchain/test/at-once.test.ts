import { expect, test } from 'vitest'
import { LeluError, pendingApprovals, resume } from '../src/index.ts'
import { type Body, guardedBy, runOf, toolOf } from './bodies.ts'
import { ask, openLelu, reviewer, toolMessages } from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

/** A guarded tool for the body. */
const innerOf = (lelu: Lelu, name: string, body: () => string | Promise<string>) =>
  guardedBy(lelu, toolOf(name, body))

const outers = ['middleware', 'plain agent'] as const

/** An agent whose one tool has this body. */
function helperOf(lelu: Lelu, body: Body, outer: (typeof outers)[number]) {
  const run = runOf(lelu, toolOf('allowed_helper', body), outer)
  return {
    start: () => run(ask),
    goOn: async (result: unknown) => run(await resume({ result, lelu })),
  }
}

const approve = (lelu: Lelu, id = '') => lelu.approvals.review(id, { verdict: 'approve', reviewer })

test.each(outers)(
  'calls that the body of a tool (%s) makes at once wait together, and each runs once',
  async (outer) => {
    const lelu = await openLelu()
    const ran: string[] = []
    const names = ['reviewed', 'allowed', 'reviewed_too']
    const inner = names.map((name) => innerOf(lelu, name, () => `${name} ${ran.push(name)}`))
    const body: Body = async (runtime) => {
      const answers = await Promise.all(inner.map((one) => one.invoke({}, runtime)))
      return answers.map(({ text }) => text).join()
    }
    const { start, goOn } = helperOf(lelu, body, outer)
    let result = await start()
    const [first, second] = pendingApprovals(result)
    expect([first?.tool, second?.tool]).toEqual(['reviewed', 'reviewed_too'])
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
  'in the body of a tool (%s), a call (%s) that ends when a later one has run does not hold that one up',
  async (outer, kind) => {
    const lelu = await openLelu()
    const [started, event] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const watch = innerOf(lelu, `${kind}_watch`, async () => {
      started.resolve()
      await event.promise
      return 'watched'
    })
    const trigger = innerOf(lelu, 'allowed_trigger', () => {
      event.resolve()
      return 'triggered'
    })
    const body: Body = async (runtime) => {
      const watching = watch.invoke({}, runtime)
      await Promise.race([started.promise, watching])
      const { text } = await trigger.invoke({}, runtime)
      return `${(await watching).text}, ${text}`
    }
    const { start, goOn } = helperOf(lelu, body, outer)
    let result = await start()
    for (const { approvalId } of pendingApprovals(result)) {
      await approve(lelu, approvalId)
      result = await goOn(result)
    }
    expect(toolMessages(result).outer?.text).toBe('watched, triggered')
  },
)

test.each(outers)(
  'the body of a tool (%s) that has caught an outage may try again, and the call runs',
  async (outer) => {
    const lelu = await openLelu()
    let down = true
    const guard: Lelu['guard'] = (...given) =>
      down
        ? Promise.reject(
            new LeluError('LELU_STORE_UNAVAILABLE', 'The store is down.', { help: '' }),
          )
        : lelu.guard(...given)
    const allowed = innerOf({ ...lelu, guard }, 'allowed', () => 'did it')
    const body: Body = async (runtime) => {
      await expect(allowed.invoke({}, runtime)).rejects.toThrow('The store is down.')
      down = false
      return (await allowed.invoke({}, runtime)).text
    }
    const done = await helperOf(lelu, body, outer).start()
    expect(toolMessages(done).outer?.text).toBe('did it')
  },
)
