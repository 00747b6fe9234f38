import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Server } from '../../src/clients/entry.ts'
import { type HandshakeOptions, handshake } from '../../src/clients/handshake.ts'
import { bothEras, legacyOnly, nobody, serve, sseOnly } from './servers.ts'

function at(url: string, headers: Record<string, string> = {}): Server {
  return { kind: 'http', url, sse: false, headers }
}

function shake(server: Server, more: Partial<HandshakeOptions> = {}) {
  const signal = new AbortController().signal
  return handshake(server, { era: 'legacy', signal, env: { PATH: process.env.PATH }, ...more })
}

test('a client of 2025 agrees with a server of both eras on 2025-11-25', async () => {
  const { origin } = await bothEras()
  expect(await shake(at(`${origin}/mcp`))).toEqual({
    status: 'connected',
    protocol: '2025-11-25',
    era: 'legacy',
    transport: 'streamable-http',
    server: { name: 'both', version: '2.0.0' },
    tools: 2,
  })
})

test('a client of 2026 agrees with it on 2026-07-28', async () => {
  const { origin } = await bothEras()
  expect(await shake(at(`${origin}/mcp`), { era: 'modern' })).toMatchObject({
    protocol: '2026-07-28',
    era: 'modern',
    tools: 2,
  })
})

test('with a server of sessions alone, both agree on 2025-11-25', async () => {
  const { origin } = await legacyOnly()
  for (const era of ['legacy', 'modern'] as const) {
    expect(await shake(at(`${origin}/mcp`), { era })).toMatchObject({
      protocol: '2025-11-25',
      era: 'legacy',
      transport: 'streamable-http',
      server: { name: 'old' },
    })
  }
})

test('a server of HTTP with SSE is reached by falling back, or at once where the entry says so', async () => {
  const { origin, requests } = await sseOnly()
  for (const era of ['legacy', 'modern'] as const) {
    const fallen = await shake(at(`${origin}/sse`), { era })
    expect(fallen).toMatchObject({ status: 'connected', transport: 'sse', era: 'legacy', tools: 1 })
  }
  requests.length = 0
  await shake({ ...at(`${origin}/sse`), sse: true } as Server)
  expect(requests[0]?.method).toBe('GET')
})

test('headers of the entry are sent, and without them the refusal is told as such', async () => {
  const { origin } = await bothEras('t0ken')
  for (const era of ['legacy', 'modern'] as const) {
    const url = `${origin}/mcp`
    expect(await shake(at(url), { era })).toEqual({ status: 'failed', reason: 'unauthorized' })
    const given = await shake(at(url, { Authorization: 'Bearer t0ken' }), { era })
    expect(given.status).toBe('connected')
  }
})

test('a redirect is not followed: the token would go with it', async () => {
  const other = await bothEras()
  const { origin } = await serve((_, response) => {
    response.writeHead(307, { location: `${other.origin}/mcp` }).end()
  })
  for (const era of ['legacy', 'modern'] as const) {
    const answer = await shake(at(`${origin}/mcp`, { 'X-Key': 'secret' }), { era })
    expect(answer.status).toBe('failed')
  }
  expect(other.requests).toEqual([])
})

test('where nobody listens, or something else does, it is told apart', async () => {
  const dead = await nobody()
  const web = await serve((_, response) => response.end('<html>'))
  for (const era of ['legacy', 'modern'] as const) {
    expect(await shake(at(`${dead}/mcp`), { era })).toEqual({
      status: 'failed',
      reason: 'unreachable',
    })
    expect(await shake(at(`${web.origin}/mcp`), { era })).toEqual({
      status: 'failed',
      reason: 'not_mcp',
    })
  }
})

test('a server that never answers does not hold the command', async () => {
  const { origin } = await serve(() => {})
  for (const era of ['legacy', 'modern'] as const) {
    const answer = await shake(at(`${origin}/mcp`), { era, timeoutMs: 300 })
    expect(answer).toEqual({ status: 'failed', reason: 'timeout' })
  }
  const stopped = new AbortController()
  const waiting = shake(at(`${origin}/mcp`), { signal: stopped.signal })
  stopped.abort()
  expect((await waiting).status).toBe('failed')
})

test('a command is started with its environment alone, spoken to in both eras, and gone afterwards', async () => {
  const file = fileURLToPath(new URL('./stdio-server.mjs', import.meta.url))
  const server: Server = {
    kind: 'stdio',
    command: process.execPath,
    args: [file],
    env: { NAME: 'mine' },
  }
  vi.stubEnv('SECRET_OF_THE_SHELL', 'seen')
  onTestFinished(() => void vi.unstubAllEnvs())
  const env = { PATH: process.env.PATH, SECRET_OF_THE_SHELL: 'seen' }
  for (const [era, protocol] of [
    ['legacy', '2025-11-25'],
    ['modern', '2026-07-28'],
  ] as const) {
    const found = await shake(server, { env, era })
    if (found.status !== 'connected') throw new Error(found.reason)
    expect(found).toMatchObject({ transport: 'stdio', protocol, tools: 1 })
    expect(found.server.version).toBe('nothing seen')
    const [name, pid] = found.server.name.split(' ')
    expect(name).toBe('mine')
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
  }
  expect(await shake({ ...server, command: '/nowhere/at/all' })).toEqual({
    status: 'failed',
    reason: 'not_started',
  })
})
