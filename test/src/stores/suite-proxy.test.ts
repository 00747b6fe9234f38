import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type LossyProxy, seededRandom, startProxy } from '@lelu/testing'
import { afterEach, describe, expect, it } from 'vitest'

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** A server that carries out what it is sent, and answers it. */
async function echo(): Promise<{ port: number; done: string[] }> {
  const done: string[] = []
  const open = new Set<Socket>()
  const server: Server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      done.push(data.toString())
      socket.write(data)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  endings.push(async () => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return { port: (server.address() as { port: number }).port, done }
}

async function proxyTo(port: number): Promise<LossyProxy> {
  const proxy = await startProxy(port, seededRandom(1))
  endings.push(() => proxy.stop())
  return proxy
}

/** Sends a word and answers what came back, `closed` when the connection ended, `silence` when nothing did. */
async function say(port: number, word: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const reply = new Promise<string>((resolve) => {
    socket.on('data', (data) => resolve(data.toString()))
    socket.on('error', () => resolve('closed'))
    socket.on('close', () => resolve('closed'))
    setTimeout(() => resolve('silence'), 300)
  })
  socket.write(word)
  const answer = await reply
  socket.destroy()
  return answer
}

describe('the lossy proxy', () => {
  it('passes on what is said while it loses nothing', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.port)
    expect(await say(proxy.port, 'hello')).toBe('hello')
    expect(proxy.lost()).toBe(0)
  })

  it('loses a reply only after the request was carried out', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.port)
    proxy.lose(1)
    expect(await say(proxy.port, 'hello')).toBe('closed')
    expect(server.done).toEqual(['hello'])
    expect(proxy.lost()).toBe(1)
  })

  it('swallows everything as a black hole, refuses everything when closed, and comes back', async () => {
    const server = await echo()
    const proxy = await proxyTo(server.port)
    await proxy.become('black-hole')
    expect(await say(proxy.port, 'one')).toBe('silence')
    await proxy.become('closed')
    expect(await say(proxy.port, 'two')).toBe('closed')
    await proxy.become('forward')
    expect(await say(proxy.port, 'three')).toBe('three')
    expect(server.done).toEqual(['three'])
  })
})

it('numbers of one seed are the same again, and those of another are not', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed))
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
  expect(draw(7).every((number) => number >= 0 && number < 1)).toBe(true)
})
