import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tokenFileAuth } from '../../src/auth/token-file-auth.ts'
import type { Log } from '../../src/eras/log.ts'
import { temporaryFolder } from '../gateway/support.ts'
import { bearer, eventually, initialize, openSession, raw, serve, stream } from '../http/serving.ts'

const agent = { subject: { type: 'agent', id: 'trader-1' } }
const other = { subject: { type: 'agent', id: 'trader-2' } }
const listening = { tools: () => [], onChange: () => () => {} }

/** A server whose principals are in a file, and what it says to whoever runs it. */
async function served(principals: Record<string, object>) {
  const path = join(temporaryFolder(), 'principals.json')
  const write = (text: string) => writeFileSync(path, text, { mode: 0o600 })
  const set = (now: Record<string, object>) => {
    const digest = (token: string) => createHash('sha256').update(token).digest('hex')
    const entries = Object.entries(now).map(([token, entry]) => [digest(token), entry])
    write(JSON.stringify({ principals: Object.fromEntries(entries) }))
  }
  set(principals)
  const said: string[] = []
  const log: Log = (level, text) => said.push(`${level} ${text}`)
  const stopping = new AbortController()
  onTestFinished(() => stopping.abort())
  const auth = await tokenFileAuth(path, { log, signal: stopping.signal })
  const server = await serve(listening, { auth })
  const asked = async (token: string) =>
    (await raw(server, { headers: bearer(token), body: initialize })).status
  const streamOf = async (token: string) => {
    const id = await openSession(server, bearer(token))
    const headers = { ...bearer(token), 'mcp-session-id': id }
    const { response } = await stream(server, { method: 'GET', headers })
    return response
  }
  return { write, set, said, asked, streamOf }
}

test('a token that is taken out of the file is refused from then on, and its streams end, no others', async () => {
  const { set, asked, streamOf } = await served({ one: agent, two: other })
  const [mine, theirs] = [await streamOf('one'), await streamOf('two')]
  set({ two: other, three: agent })
  await eventually(() => asked('one')).toBe(401)
  await eventually(() => mine.closed).toBe(true)
  expect(await asked('three')).toBe(200)
  expect(await asked('two')).toBe(200)
  expect(theirs.closed).toBe(false)
})

test('a token that stands for less than it did has its streams opened anew', async () => {
  const { set, streamOf } = await served({ one: { ...agent, scopes: ['call', 'audit:read'] } })
  const opened = await streamOf('one')
  set({ one: { ...agent, scopes: ['call'] } })
  await eventually(() => opened.closed).toBe(true)
})

test('while the file cannot be read no token is good, and whoever runs the server is told why', async () => {
  const { write, set, said, asked, streamOf } = await served({ one: agent })
  const opened = await streamOf('one')
  write('{"principals": {')
  await eventually(() => asked('one')).toBe(503)
  expect(said).toEqual([
    expect.stringMatching(
      /^error LELU_MCP_PRINCIPALS_INVALID: The file of principals .* is not JSON/,
    ),
  ])
  set({ one: agent })
  await eventually(() => asked('one')).toBe(200)
  expect(opened.closed).toBe(false)
})
