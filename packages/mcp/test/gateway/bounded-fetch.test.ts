import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { boundedFetch } from '../../src/gateway/bounded-fetch.ts'

const limit = 1000
const get = boundedFetch(limit)

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server?.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

/** Whether the server saw its connection end before it had said everything. */
function endless(type: string, piece: string): { answer: RequestListener; ended: Promise<void> } {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const answer: RequestListener = (_req, res) => {
    res.setHeader('content-type', type)
    const timer = setInterval(() => res.write(piece), 1)
    res.once('close', () => {
      clearInterval(timer)
      resolve()
    })
  }
  return { answer, ended }
}

describe('what the transports of the SDK call in place of fetch', () => {
  it('sends the method, headers and body, and answers status, headers, body and address', async () => {
    const url = await serve(async (req, res) => {
      const body = (await req.toArray()).join('')
      res.writeHead(
        201,
        [
          ['x-many', 'a'],
          ['x-many', 'b'],
          ['content-type', 'application/json'],
        ].flat(),
      )
      res.end(JSON.stringify({ method: req.method, header: req.headers['x-one'], body }))
    })
    const response = await get(url, { method: 'POST', headers: { 'x-one': '1' }, body: '{"a":1}' })
    expect([response.status, response.ok, response.url]).toEqual([201, true, url])
    expect(response.headers.get('x-many')).toBe('a, b')
    expect(await response.json()).toEqual({ method: 'POST', header: '1', body: '{"a":1}' })
  })

  it.each([202, 204, 304])('answers %i without a body', async (status) => {
    const url = await serve((_req, res) => res.writeHead(status).end())
    const response = await get(url)
    expect([response.status, await response.text()]).toEqual([status, ''])
  })

  it('answers a redirect as it is: where it leads, the SDK judges', async () => {
    let asked = 0
    const url = await serve((_req, res) => {
      asked += 1
      res.writeHead(307, { location: '/elsewhere' }).end()
    })
    const response = await get(url)
    expect([response.status, response.headers.get('location'), asked]).toEqual([
      307,
      '/elsewhere',
      1,
    ])
  })

  it('takes a message of the limit, and ends the connection of one that is larger', async () => {
    const whole = 'x'.repeat(limit)
    const url = await serve((_req, res) => res.end(whole))
    expect(await (await get(url)).text()).toBe(whole)
    server?.close()
    const { answer, ended } = endless('application/json', 'x'.repeat(100))
    await expect(get(await serve(answer))).rejects.toThrow('larger than is read')
    await ended
  })

  it('passes events on while they come, however many, and ends a stream whose event does not end', async () => {
    const { answer, ended } = endless('text/event-stream', `data: ${'x'.repeat(90)}\n\n`)
    const many = await get(await serve(answer))
    const reader = (many.body as ReadableStream<Uint8Array>).getReader()
    for (let seen = 0; seen < 3 * limit; ) seen += (await reader.read()).value?.length ?? 0
    await reader.cancel()
    await ended
    server?.close()
    const one = endless('text/event-stream', `data: ${'x'.repeat(90)}\n`)
    const response = await get(await serve(one.answer))
    await expect(response.text()).rejects.toThrow('larger than is read')
    await one.ended
  })

  it('asks for no packed answer, and takes none: a small one may unpack to anything', async () => {
    let encoding: string | undefined
    const url = await serve((req, res) => {
      encoding = req.headers['accept-encoding'] as string
      res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('x'.repeat(10 * limit)))
    })
    await expect(get(url)).rejects.toThrow('packed')
    expect(encoding).toBe('identity')
  })

  it('ends when it is told to, before the answer and while it comes', async () => {
    const stop = new AbortController()
    const silent = await serve(() => stop.abort())
    await expect(get(silent, { signal: stop.signal })).rejects.toThrow('aborted')
    server?.close()
    const { answer, ended } = endless('text/event-stream', 'data: 1\n\n')
    const later = new AbortController()
    const response = await get(await serve(answer), { signal: later.signal })
    later.abort()
    await expect(response.text()).rejects.toThrow('aborted')
    await ended
  })

  it('tells by the code that nothing was sent', async () => {
    const url = await serve((_req, res) => res.end())
    await new Promise((resolve) => server?.close(resolve))
    await expect(get(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
