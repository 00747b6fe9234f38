import { connect, createServer, type Socket } from 'node:net'

/** What the proxy does to those who come through it. */
export type ProxyMode = 'forward' | 'black-hole' | 'closed'

/** A proxy in front of a server. `port` is on the loopback; `stop` ends all connections. */
export type LossyProxy = {
  port: number
  /** How likely a reply is to be lost with its connection, from 0 to 1. */
  lose(probability: number): void
  /** `black-hole`: connections open, nothing goes through. `closed`: nobody is there. */
  become(mode: ProxyMode): Promise<void>
  /** Replies lost so far. */
  lost(): number
  stop(): Promise<void>
}

/**
 * A TCP proxy on a free loopback port. It loses replies as a bad network does: the request has arrived and was carried
 * out, and the connection breaks before anybody hears of it.
 */
export async function startProxy(target: number, random: () => number): Promise<LossyProxy> {
  const sockets = new Set<Socket>()
  let probability = 0
  let mode: ProxyMode = 'forward'
  let lost = 0

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  }

  const server = createServer((client) => {
    keep(client)
    const upstream = connect(target, '127.0.0.1')
    keep(upstream)
    client.on('data', (data) => {
      // A black hole takes what it is sent.
      if (mode === 'forward') upstream.write(data)
    })
    upstream.on('data', (data) => {
      if (mode !== 'forward') return
      if (random() >= probability) return void client.write(data)
      lost += 1
      client.destroy()
      upstream.destroy()
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })

  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
    })
  const dropAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const shut = () =>
    new Promise<void>((resolve) => {
      dropAll()
      if (!server.listening) return resolve()
      server.close(() => resolve())
    })

  const port = await listen(0)
  return {
    port,
    lose(chance) {
      probability = chance
    },
    async become(next) {
      const before = mode
      mode = next
      if (next === 'closed') return shut()
      if (before === 'closed') await listen(port)
      // What a black hole has swallowed never comes: whoever waits for it must connect anew.
      if (next === 'forward') dropAll()
    },
    lost: () => lost,
    stop: shut,
  }
}
