import { expect, it, onTestFinished } from 'vitest'
import { type LossyProxy, startProxy } from '../../stores/proxy.ts'
import { listed, stageOf, textOf } from '../case.ts'
import type { SinkHarness } from '../harness.ts'
import { startHttpFaults } from '../http-faults.ts'

const unavailable = { code: 'LELU_AUDIT_SINK_UNAVAILABLE' }

/** What a sink does whose store is far away. */
export function networkCases(harness: SinkHarness & { port: () => number }): void {
  async function proxy(random = () => 1): Promise<LossyProxy> {
    const started = await startProxy(harness.port(), random)
    onTestFinished(() => started.stop())
    return started
  }

  it('has put an object whose reply was lost, once', async () => {
    const { sink: open, put } = await stageOf(harness)
    const between: LossyProxy = await proxy(() => between.lost())
    const sink = open({ port: between.port })
    await sink.get('v1/a') // after which the time is known, and the next reply is that to the put
    between.lose(0.5)
    const answer = await put(sink, 'v1/a', 'first')
    expect(between.lost()).toBe(1)
    expect(answer).toBe('same')
    expect(await listed(open(), 'v1/')).toMatchObject([{ versions: 1 }])
    expect(await textOf(open(), 'v1/a')).toBe('first')
  })

  it('ends at its deadline when the store takes everything and answers nothing', async () => {
    const { sink: open, put } = await stageOf(harness)
    const between = await proxy()
    await between.become('black-hole')
    const sink = open({ port: between.port, deadlineMs: 400 })
    const begun = performance.now()
    await expect(put(sink, 'v1/a', 'x')).rejects.toMatchObject(unavailable)
    await expect(sink.get('v1/a')).rejects.toMatchObject(unavailable)
    await expect(sink.check()).rejects.toMatchObject(unavailable)
    await expect(listed(sink, 'v1/')).rejects.toMatchObject(unavailable)
    expect(performance.now() - begun).toBeLessThan(30_000)
  })

  it('says that nobody is there, and works again when somebody is', async () => {
    const { sink: open, put } = await stageOf(harness)
    const between = await proxy()
    await between.become('closed')
    const sink = open({ port: between.port, deadlineMs: 5_000 })
    await expect(put(sink, 'v1/a', 'x')).rejects.toMatchObject(unavailable)
    await between.become('forward')
    expect(await put(sink, 'v1/a', 'x')).toBe('stored')
  })

  it('tries again when the store has no time', async () => {
    const { sink: open, put } = await stageOf(harness)
    const between = await startHttpFaults(harness.port(), { status: 503, times: 2 })
    onTestFinished(() => between.stop())
    expect(await put(open({ port: between.port }), 'v1/a', 'x')).toBe('stored')
    expect(between.seen()).toBeGreaterThan(3)
  })

  it('gives up within its deadline on a store that never has time', async () => {
    const { sink: open, put } = await stageOf(harness)
    const between = await startHttpFaults(harness.port(), { status: 503, times: 1_000 })
    onTestFinished(() => between.stop())
    const sink = open({ port: between.port, deadlineMs: 3_000 })
    await expect(put(sink, 'v1/a', 'x')).rejects.toMatchObject(unavailable)
  })

  it('says that it is the clock of this host when the store refuses it', async () => {
    const { sink: open, put } = await stageOf(harness)
    for (const skewMs of [-30 * 60_000, 30 * 60_000]) {
      await expect(put(open({ skewMs }), 'v1/a', 'x')).rejects.toMatchObject({
        code: 'LELU_AUDIT_SINK_CLOCK',
        help: expect.stringContaining('NTP'),
      })
    }
  })
}
