import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { expect, test, vi } from 'vitest'
import { closing, eventually, initialize, modern, rpc } from '../http/serving.ts'

// Each of them starts processes, which a busy machine takes its time for.
vi.setConfig({ testTimeout: 300_000 })

const child = fileURLToPath(new URL('./child.ts', import.meta.url))
const command = { command: process.execPath, args: ['--conditions=lelu:source', child] }

function start(): { process: ChildProcess; lines: () => string[]; send(line: string): void } {
  const process = spawn(command.command, command.args, { stdio: ['pipe', 'pipe', 'ignore'] })
  closing(async () => process.kill('SIGKILL'))
  let text = ''
  process.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return {
    process,
    lines: () => text.split('\n').filter((line) => line !== ''),
    send: (line) => void process.stdin?.write(`${line}\n`),
  }
}

test('clients of both eras are served over stdio, and see the same', async () => {
  const current = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  const legacy = new LegacyClient({ name: 'test', version: '1' })
  closing(() => Promise.all([current.close(), legacy.close()]))
  await Promise.all([
    current.connect(new StdioClientTransport(command)),
    legacy.connect(new LegacyTransport(command)),
  ])
  const lists = await Promise.all([current.listTools(), legacy.listTools()])
  expect(lists[0].tools).toMatchObject([{ name: 'greet', title: 'Greet' }, { name: 'change' }])
  for (const { tools } of lists) expect(tools).toEqual(lists[0].tools)
  const call = { name: 'greet', arguments: { name: 'Ann' } }
  const hello = [{ type: 'text', text: 'Hello, Ann!' }]
  expect((await current.callTool(call)).content).toEqual(hello)
  expect((await legacy.callTool(call)).content).toEqual(hello)
})

test('a client that asks what the server speaks may still open a session of the legacy era', async () => {
  const { lines, send } = start()
  send(modern('server/discover').body)
  await eventually(lines).toHaveLength(1)
  expect(JSON.parse(lines()[0] ?? '').result.supportedVersions).toContain('2026-07-28')
  send(initialize)
  await eventually(lines).toHaveLength(2)
  expect(JSON.parse(lines()[1] ?? '').result.protocolVersion).toBe('2025-11-25')
})

test.each([
  ['modern', [modern('subscriptions/listen', { notifications: { toolsListChanged: true } }).body]],
  ['legacy', [initialize, rpc('notifications/initialized', {}, null)]],
])('a client of the %s era hears over stdio that the tools changed', async (era, opening) => {
  const { lines, send } = start()
  for (const line of opening) send(line)
  await eventually(lines).toHaveLength(1)
  const call = { name: 'change', arguments: {} }
  send(era === 'modern' ? modern('tools/call', call, {}, 2).body : rpc('tools/call', call, 2))
  await eventually(() => lines().join('')).toContain('notifications/tools/list_changed')
})

test('nothing but the protocol is on standard output', async () => {
  const { lines, send } = start()
  send(initialize)
  send(rpc('notifications/initialized', {}, null))
  send(rpc('tools/call', { name: 'greet', arguments: { name: 'Ann' } }, 2))
  await eventually(lines).toHaveLength(2)
  for (const line of lines()) expect(JSON.parse(line)).toHaveProperty('jsonrpc', '2.0')
})

test.each([
  ['has said nothing', []],
  ['has opened a session', [initialize]],
])('the process ends when its client closes the pipe and %s', async (_what, sent) => {
  const { process, lines, send } = start()
  for (const line of sent) send(line)
  await eventually(lines).toHaveLength(sent.length)
  process.stdin?.end()
  const [code] = await once(process, 'exit')
  expect(code).toBe(0)
})

test('garbage and messages that are nested too deep are passed over, and the server goes on', async () => {
  const { lines, send } = start()
  send(initialize)
  await eventually(lines).toHaveLength(1)
  send('{ broken')
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  send(
    `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"greet","arguments":${deep}}}`,
  )
  send(
    '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"greet","arguments":{"__proto__":{"name":"Eve"}}}}',
  )
  send(rpc('tools/call', { name: 'greet', arguments: { name: 'Ann' } }, 4))
  await eventually(lines).toHaveLength(2)
  expect(JSON.parse(lines()[1] ?? '')).toMatchObject({ id: 4 })
  expect(lines().join()).not.toContain('Eve')
})
