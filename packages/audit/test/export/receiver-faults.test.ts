import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ForwardEvent, forwardRecords, otlpTarget } from '../../src/reading.ts'
import { logOfTwenty, once, quick, sendTwenty } from './forwarding.ts'
import { type Answer, idsOf, startReceiver } from './receiver.ts'

describe('forwarding to a receiver that fails', () => {
  // Long enough for an answer on a busy machine: only a receiver that never answers is waited for.

  const faulty = { timeoutMs: 500 }

  it.each<[string, Answer]>([
    ['answers 503', (response) => response.writeHead(503).end()],
    [
      'answers 429 with Retry-After',
      (response) => response.writeHead(429, { 'retry-after': '0' }).end(),
    ],
    ['answers 401, which may be mended', (response) => response.writeHead(401).end()],
    ['answers 500', (response) => response.writeHead(500).end('{"x":')],
    ['never answers', () => {}],
    ['hangs up', (response) => response.destroy()],
    ['takes the batch, and loses the reply', (response) => response.socket?.destroy()],
  ])('waits for a receiver that %s, and then sends everything', async (_name, fault) => {
    const { ids, all, events, report } = await sendTwenty((response, received, count) => {
      if (count % 2 === 1) fault(response, received, count)
      else response.end('{}')
    }, faulty)
    expect(new Set(ids)).toEqual(new Set([...all, ...ids]))
    expect(report.sent).toBe(24)
    expect(events.filter(({ type }) => type === 'waiting').length).toBeGreaterThan(0)
  })

  it('waits as long as Retry-After says', async () => {
    const started = Date.now()
    const { report } = await sendTwenty((response, _received, count) => {
      if (count > 1) response.end('{}')
      else response.writeHead(503, { 'retry-after': '1' }).end()
    })
    expect(report.sent).toBe(24)
    expect(Date.now() - started).toBeGreaterThanOrEqual(1000)
  })

  it('is not kept waiting for a day, nor by an answer without an end', async () => {
    const { directory, cursor } = await logOfTwenty()
    const { url } = await startReceiver((response, _received, count) => {
      if (count === 1) response.writeHead(503, { 'retry-after': '86400' }).end()
      else response.write(' '.repeat(200_000))
    })
    const stop = new AbortController()
    const waits: number[] = []
    const onEvent = (event: ForwardEvent) => {
      if (event.type !== 'waiting') return
      waits.push(event.afterMs)
      stop.abort()
    }
    const to = otlpTarget({ url, timeoutMs: 5000 })
    const options = { ...quick, directory, cursor, to, onEvent }
    await forwardRecords({ ...options, fromStart: true, signal: stop.signal })
    expect(waits).toEqual([300_000])
    expect((await once({ directory, cursor, to })).report.sent).toBe(24)
  })

  it('does not follow a receiver that sends elsewhere: the headers are for it alone', async () => {
    const elsewhere = await startReceiver()
    const { report, events } = await sendTwenty((response, _received, count) => {
      if (count > 1) response.end('{}')
      else response.writeHead(307, { location: elsewhere.url }).end()
    })
    expect(report.sent).toBe(24)
    expect(events).toContainEqual(expect.objectContaining({ why: 'it answered 307' }))
    expect(elsewhere.requests).toEqual([])
  })

  it('tells of a partial success, and does not send the batch again', async () => {
    const body = '{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}'
    const { requests, events, report } = await sendTwenty((response) => response.end(body))
    expect(requests).toHaveLength(1)
    expect(report).toEqual({ sent: 24, refused: 0, rejected: 2 })
    expect(events).toContainEqual({ type: 'rejected', records: 2, note: 'too old' })
  })

  it('lays aside a record that is refused for good, by name, and sends all others', async () => {
    const { ids, all, cursor, report } = await sendTwenty((response, { body }) => {
      response.writeHead(idsOf(body).includes('b3') ? 400 : 200).end('{}')
    })
    expect(ids.filter((id) => all.includes(id)).sort()).toEqual(all.filter((id) => id !== 'b3'))
    expect(report).toEqual({ sent: 23, refused: 1, rejected: 0 })
    const [line = '', ...others] = readFileSync(`${cursor}.refused`, 'utf8').trimEnd().split('\n')
    expect(JSON.parse(line)).toMatchObject({ id: 'b3', seq: 4, why: 'it answered 400' })
    expect(others).toEqual([])
  })

  it('lays nothing aside while a receiver refuses everything: that is a wrong address', async () => {
    const { directory, cursor } = await logOfTwenty()
    const { url } = await startReceiver((response) => response.writeHead(400).end())
    const to = otlpTarget({ url })
    await expect(once({ directory, cursor, to, fromStart: true, tries: 2 })).rejects.toMatchObject({
      code: 'LELU_AUDIT_EXPORT_FAILED',
      message: expect.stringContaining('refuses everything'),
    })
    expect(existsSync(`${cursor}.refused`)).toBe(false)
    const good = await startReceiver()
    const mended = { ...otlpTarget({ url: good.url }), name: to.name }
    expect((await once({ directory, cursor, to: mended })).report.sent).toBe(24)
  })

  it('gives up with `once` when the receiver is down, and keeps its place', async () => {
    const { directory, cursor } = await logOfTwenty()
    const { url, close } = await startReceiver()
    await close()
    const to = otlpTarget({ url })
    await expect(once({ directory, cursor, to, fromStart: true, tries: 3 })).rejects.toMatchObject({
      code: 'LELU_AUDIT_EXPORT_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('ends at once when it is aborted in the middle of a request, without counting it', async () => {
    const { directory, cursor } = await logOfTwenty()
    const { url, requests } = await startReceiver(() => {})
    const stop = new AbortController()
    const to = otlpTarget({ url })
    const forwarding = forwardRecords({
      ...quick,
      directory,
      cursor,
      to,
      fromStart: true,
      signal: stop.signal,
    })
    await expect.poll(() => requests.length).toBe(1)
    stop.abort()
    expect(await forwarding).toEqual({ sent: 0, refused: 0, rejected: 0 })
    const good = await startReceiver()
    const next = { ...otlpTarget({ url: good.url }), name: to.name }
    expect((await once({ directory, cursor, to: next })).report.sent).toBe(24)
  })
})
