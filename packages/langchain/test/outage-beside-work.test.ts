import { setImmediate as nextTick } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { guardTool, LeluError } from '../src/index.ts'
import { guardedBy, toolOf } from './bodies.ts'
import {
  approved,
  ask,
  calling,
  config,
  openLelu,
  rootOf,
  subject,
  toolGraph,
  toolMessages,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

/** The engine, down for one tool, and a word when a call of another one has ended in it. */
function downFor(lelu: Lelu, down: string, watched: string) {
  const ended = Promise.withResolvers<void>()
  const guard: typeof lelu.guard = (request, ...rest) => {
    if (request.call.tool === down) {
      throw new LeluError('LELU_STORE_UNAVAILABLE', 'The store is down.', { help: '' })
    }
    const outcome = lelu.guard(request, ...rest)
    if (request.call.tool === watched) outcome.catch(() => ended.resolve())
    return outcome
  }
  return { down: { ...lelu, guard }, ended: ended.promise }
}

test('an outage in the body of a tool does not end the node before the approved call beside it', async () => {
  const lelu = await openLelu()
  const order: string[] = []
  const engine = downFor(lelu, 'allowed_inner', 'allowed_outer')
  const started = Promise.withResolvers<void>()
  const inner = guardedBy(
    engine.down,
    toolOf('allowed_inner', () => 'done'),
  )
  const outer = toolOf('allowed_outer', async (given) => {
    await started.promise
    return (await inner.invoke({}, given)).text
  })
  const slow = toolOf('reviewed_slow', async () => {
    started.resolve()
    await engine.ended
    for (let tick = 0; tick < 50; tick += 1) await nextTick()
    order.push('tool')
    return 'paid'
  })
  const options = { lelu: engine.down, subject }
  const graph = toolGraph(
    calling(
      { id: 'a', name: 'allowed_outer', args: {} },
      { id: 'b', name: 'reviewed_slow', args: {} },
    ),
    [guardTool(outer, options), guardTool(slow, options)],
  )
  const result = await graph.invoke(ask, config)
  const error = await approved(lelu, result, (command) =>
    rootOf(graph.invoke(command, config).finally(() => order.push('node'))),
  )
  expect(error).toMatchObject({ code: 'LELU_STORE_UNAVAILABLE' })
  expect(order).toEqual(['tool', 'node'])
  // The next run finds the answer of the approved call.
  expect(await rootOf(graph.invoke(null, config))).toMatchObject({ code: 'LELU_STORE_UNAVAILABLE' })
  expect(order).toEqual(['tool', 'node'])
  expect(toolMessages((await graph.getState(config)).values)).toEqual({})
})
