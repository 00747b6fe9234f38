import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export type HttpFaults = { port: number; seen(): number; stop(): Promise<void> }

/** A proxy on a free loopback port that answers the first so many requests by itself: with a status, and no more. */
export async function startHttpFaults(
  target: number,
  fault: { status: number; times: number },
): Promise<HttpFaults> {
  let seen = 0
  const server = createServer((incoming, outgoing) => {
    seen += 1
    if (seen <= fault.times) {
      incoming.resume()
      incoming.on('end', () => outgoing.writeHead(fault.status).end())
      return
    }
    // The headers as they came: they are signed, the host's name included.
    const options = { port: target, host: '127.0.0.1', path: incoming.url, method: incoming.method }
    const passed = request({ ...options, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    seen: () => seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
