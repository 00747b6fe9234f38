import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import type { Delivery } from '../../src/notify/notifier.ts'
import { notifyLoop } from '../../src/notify/notify-loop.ts'

const nothing: Delivery = { sent: 0, failed: 0, undelivered: 0, altered: [] }

/** A notifier whose deliveries end when they are told to. */
function held() {
  const runs: { end: () => void; signal: AbortSignal }[] = []
  const notify = vi.fn(
    (signal: AbortSignal) =>
      new Promise<Delivery>((resolve) => runs.push({ signal, end: () => resolve(nothing) })),
  )
  return { notify, runs }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('the loop', () => {
  it('delivers at the start, and again at once for what came in meanwhile, however much that was', async () => {
    const { notify, runs } = held()
    const loop = notifyLoop(notify, () => {})
    loop.start(3_600_000)
    await turn()
    for (let n = 0; n < 10; n += 1) loop.nudge()
    await turn()
    expect(notify).toHaveBeenCalledTimes(1)
    runs[0]?.end()
    await turn()
    expect(notify).toHaveBeenCalledTimes(2)
    runs[1]?.end()
    await turn()
    expect(notify).toHaveBeenCalledTimes(2)
    await loop.close()
  })

  it('looks again and again, also after a failure', async () => {
    const thrice = Promise.withResolvers<void>()
    let count = 0
    const failed = vi.fn()
    const loop = notifyLoop(async () => {
      count += 1
      if (count === 3) thrice.resolve()
      throw new Error('the store is away')
    }, failed)
    loop.start(1)
    await thrice.promise
    await loop.close()
    expect(failed.mock.calls.length).toBeGreaterThanOrEqual(2)
  })

  it('begins nothing before it is started, and nothing after it was closed', async () => {
    const { notify } = held()
    const loop = notifyLoop(notify, () => {})
    loop.nudge()
    await turn()
    await loop.close()
    loop.nudge()
    await turn()
    expect(notify).not.toHaveBeenCalled()
  })

  it('waits at its end for what is under way, and cuts it off when that takes too long', async () => {
    const { notify, runs } = held()
    const loop = notifyLoop(notify, () => {})
    loop.start(3_600_000)
    await turn()
    const [run] = runs
    if (run === undefined) throw new Error('it did not begin')
    let closed = false
    const closing = loop.close(20).then(() => {
      closed = true
    })
    await once(run.signal, 'abort')
    expect(closed).toBe(false)
    run.end()
    await closing
  })
})
