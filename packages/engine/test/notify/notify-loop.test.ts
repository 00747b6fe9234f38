import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import type { Look } from '../../src/notify/notifier.ts'
import { notifyLoop } from '../../src/notify/notify-loop.ts'
import type { Sent } from '../../src/notify/send-record.ts'

const nothing: Sent = { sent: 0, failed: 0, undelivered: 0 }
type Began = (sending: Promise<Sent>) => void

/** A notifier whose looks end when they are told to. */
function held() {
  const runs: { end: (look?: Partial<Look>) => void; signal: AbortSignal; began: Began }[] = []
  const notify = vi.fn(
    (signal: AbortSignal, began: Began) =>
      new Promise<Look>((resolve) => {
        runs.push({ signal, began, end: (look) => resolve({ altered: [], ...look }) })
      }),
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

  it('looks again while requests are on their way, and once more when there is room', async () => {
    const { notify, runs } = held()
    const loop = notifyLoop(notify, () => {})
    loop.start(3_600_000)
    await turn()
    const [out, room] = [Promise.withResolvers<Sent>(), Promise.withResolvers<void>()]
    runs[0]?.began(out.promise)
    runs[0]?.end({ room: room.promise })
    await turn()
    loop.nudge()
    await turn()
    expect(notify).toHaveBeenCalledTimes(2)
    runs[1]?.end()
    await turn()
    expect(notify).toHaveBeenCalledTimes(2)
    room.resolve()
    await turn()
    expect(notify).toHaveBeenCalledTimes(3)
    runs[2]?.end()
    out.resolve(nothing)
    await loop.close()
  })

  it('delivers to the end: what waits for room as well, and what others have begun', async () => {
    const { notify, runs } = held()
    const loop = notifyLoop(notify, () => {})
    loop.start(3_600_000)
    await turn()
    const [theirs, room] = [Promise.withResolvers<Sent>(), Promise.withResolvers<void>()]
    runs[0]?.began(theirs.promise)
    runs[0]?.end()
    const ended = vi.fn()
    const delivery = loop.deliver().finally(ended)
    await turn()
    runs[1]?.began(Promise.resolve({ ...nothing, sent: 1 }))
    runs[1]?.end({ room: room.promise, altered: ['apr_1'] })
    room.resolve()
    await turn()
    runs[2]?.began(Promise.resolve({ ...nothing, failed: 1 }))
    runs[2]?.end({ altered: ['apr_1'] })
    await turn()
    expect(ended).not.toHaveBeenCalled()
    theirs.resolve({ ...nothing, sent: 7 })
    expect(await delivery).toEqual({ sent: 1, failed: 1, undelivered: 0, altered: ['apr_1'] })
    await loop.close()
  })

  it('tells whoever only begins what a look came to, when all of it has ended', async () => {
    const { notify, runs } = held()
    const loop = notifyLoop(notify, () => {})
    const beginning = loop.begin()
    await turn()
    const [out, room] = [Promise.withResolvers<Sent>(), Promise.withResolvers<void>()]
    runs[0]?.began(out.promise)
    runs[0]?.began(Promise.resolve({ ...nothing, failed: 1 }))
    runs[0]?.end({ altered: ['apr_1'], room: room.promise })
    const begun = await beginning
    expect(begun.room).toBe(room.promise)
    out.resolve({ ...nothing, sent: 2 })
    expect(await begun.ended).toEqual({ sent: 2, failed: 1, undelivered: 0, altered: ['apr_1'] })
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
    const out = Promise.withResolvers<Sent>()
    run.began(out.promise)
    run.end()
    const closing = loop.close(20).then(() => {
      closed = true
    })
    await once(run.signal, 'abort')
    await turn()
    expect(closed).toBe(false)
    out.resolve(nothing)
    await closing
  })
})
