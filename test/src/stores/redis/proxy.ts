import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export type StallingProxy = {
  url: string
  /** Takes no more bytes from the connections there are, so that their clients cannot get rid of theirs. */
  stall(): void
  /** Breaks them: what it has not taken never arrives. Whoever connects anew is let through. */
  cut(): void
}

/** Between a client and a server that stays up: it still knows the scripts it was told, so what is sent again would run. */
export async function stallingProxy(port: number): Promise<StallingProxy> {
  const pairs = new Set<{ client: Socket; upstream: Socket }>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    const pair = { client, upstream }
    pairs.add(pair)
    client.pipe(upstream)
    upstream.pipe(client)
    for (const socket of [client, upstream]) {
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
        pairs.delete(pair)
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const { client } of pairs) client.destroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stall() {
      for (const { client, upstream } of pairs) {
        client.unpipe(upstream)
        client.pause()
      }
    },
    cut,
  }
}
