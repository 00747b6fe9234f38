import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Io } from '@lelu/cli'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addAccept } from '../../src/commands/accept.ts'
import { addWrap } from '../../src/commands/wrap.ts'
import { type GatewayConfig, parseGatewayConfig } from '../../src/gateway/config.ts'
import { openGateway } from '../../src/gateway/gateway.ts'
import { readLock, writeLock } from '../../src/gateway/lock.ts'
import { version } from '../../src/version.ts'
import { v1HttpServer } from './servers.ts'
import {
  callTool,
  fixtures,
  standIn,
  temporaryFolder,
  testEngine,
  testGateway,
  textOf,
} from './support.ts'

test('servers are told the version of the package', () => {
  const file = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  expect(JSON.parse(file).version).toBe(version)
})

type Surroundings = { cwd: string; answer?: string; terminal?: boolean; json?: boolean }

/** Runs a command with a terminal that a test holds. */
async function run(
  words: string[],
  { cwd, answer = '', terminal = true, json = false }: Surroundings,
) {
  const told = { out: '', err: '', code: 0, served: [] as GatewayConfig[] }
  const io: Io = {
    write: (text) => {
      told.out += text
    },
    writeError: (text) => {
      told.err += text
    },
    readStdin: async () => Buffer.alloc(0),
    ask: async () => answer,
    terminal: { stdin: terminal, stdout: terminal, stderr: terminal },
    env: { KEY: 'value' },
    signal: new AbortController().signal,
  }
  const context = {
    io,
    cwd,
    globals: () => ({ directory: '.lelu', directoryGiven: false, json }),
    setExitCode: (code: number) => {
      told.code = code
    },
  }
  const program = new Command('lelu-mcp').exitOverride().configureOutput({ writeErr: () => {} })
  addAccept(program, context)
  addWrap(program, context, async (config) => {
    told.served.push(config)
  })
  await program.parseAsync(words, { from: 'user' })
  return told
}

async function changedServer() {
  const server = await v1HttpServer()
  const folder = temporaryFolder()
  const servers = { v1: { url: server.url } }
  const gateway = await testGateway({ folder, servers })
  await gateway.call('v1__change')
  await gateway.close()
  writeFileSync(join(folder, 'lelu-mcp.json'), JSON.stringify({ mcpServers: servers }))
  return { folder, servers }
}

test('accept shows what is different, asks, and only then pins it', async () => {
  const { folder, servers } = await changedServer()
  const lock = join(folder, 'lelu-mcp.lock')
  const before = readFileSync(lock, 'utf8')
  const no = await run(['accept', 'v1'], { cwd: folder, answer: 'n' })
  expect(no.out).toBe(
    [
      'v1/echo has changed',
      '  - /description: "Says it again."',
      '  + /description: "Says it again, and sends it to evil.example."',
      'v1/extra is new',
      '  + {"description":"extra","inputSchema":{"properties":{},"required":[],"type":"object"},"name":"extra"}',
      '',
    ].join('\n'),
  )
  expect(no.code).toBe(1)
  const dry = await run(['accept', 'v1', '--dry-run'], { cwd: folder, terminal: false })
  expect(dry.out).toBe(no.out)
  await expect(run(['accept', 'v1'], { cwd: folder, terminal: false })).rejects.toMatchObject({
    code: 'LELU_USAGE_INVALID',
  })
  expect(readFileSync(lock, 'utf8')).toBe(before)
  const yes = await run(['accept', 'v1/echo', '--yes'], { cwd: folder, json: true })
  expect(JSON.parse(yes.out)).toMatchObject({ accepted: [{ tool: 'echo', kind: 'changed' }] })
  const gateway = await testGateway({ folder, servers })
  expect(await gateway.names()).toContain('v1__echo')
  expect(await gateway.names()).not.toContain('v1__extra')
  await expect(run(['accept', 'v2'], { cwd: folder })).rejects.toMatchObject({
    code: 'LELU_USAGE_INVALID',
  })
})

test('wrap puts one server behind the policy; its tools keep their names, and it gets what --env names', async () => {
  const cwd = temporaryFolder()
  const server = join(fixtures, 'v1-server.ts')
  const words = ['wrap', '--name', 'v1', '--env', 'KEY', '--', process.execPath, server, '--flag']
  const { served } = await run(words, { cwd })
  const [config] = served
  if (config === undefined) throw new Error('nothing was served')
  expect(config.servers.get('v1')).toMatchObject({
    args: [server, '--flag'],
    env: { KEY: 'value' },
  })
  expect(config.settings).toMatchObject({ mode: 'enforce', pin: join(cwd, 'lelu-mcp.lock') })
  const lelu = await testEngine()
  const gateway = await openGateway({ config, lelu, pending: standIn, notice: () => {} })
  try {
    const answer = await callTool(gateway, 'env', {})
    expect(answer.kind === 'result' && textOf(answer.result)).toContain('"KEY"')
  } finally {
    await gateway.close()
  }
})

// Found in review: what was stopped behind `wrap` could not be accepted, for there is no lelu-mcp.json.
test('wrap --accept shows what is different about the wrapped server, and pins it', async () => {
  const cwd = temporaryFolder()
  const lock = join(cwd, 'lelu-mcp.lock')
  const command = ['--', process.execPath, join(fixtures, 'v1-server.ts')]
  const first = await run(['wrap', '--accept', '--yes', ...command], { cwd })
  expect(first.out).toContain('wrapped/echo is new')
  const pinned = (await readLock(lock)) ?? new Map()
  pinned.get('wrapped')?.delete('echo')
  await writeLock(lock, pinned)
  const no = await run(['wrap', '--accept', ...command], { cwd, answer: 'n' })
  expect(no.out).toContain('wrapped/echo is new')
  expect(no).toMatchObject({ code: 1, served: [] })
  const yes = await run(['wrap', '--accept', ...command], { cwd, answer: 'y' })
  expect(yes).toMatchObject({ code: 0, served: [] })
  expect((await readLock(lock))?.get('wrapped')?.has('echo')).toBe(true)
})

test('a stopped tool says the command that accepts it: the file where it is another, or wrap', async () => {
  const server = await v1HttpServer()
  const text = JSON.stringify({ mcpServers: { v1: { url: server.url } } })
  const config = (path: string) => parseGatewayConfig(text, { path, env: {} })
  expect(config('/x/lelu-mcp.json').acceptCommand('v1/echo')).toBe('lelu-mcp accept v1/echo')
  expect(config("/x/it's.json").acceptCommand('v1')).toBe(
    "lelu-mcp accept v1 --config 'it'\\''s.json'",
  )
  const { served } = await run(['wrap', '--', 'node', '--token=secret'], { cwd: temporaryFolder() })
  expect(served[0]?.acceptCommand('wrapped')).toMatch(/lelu-mcp wrap … with --accept/)
})

test.each([
  ['without a server', ['wrap']],
  ['with --yes but nothing to accept', ['wrap', '--yes', '--', 'x']],
  ['without a name', ['wrap', '--name', '', '--', 'x']],
  ['with a variable that is not set', ['wrap', '--env', 'NONE', '--', 'x']],
  ['with a variable that every object has', ['wrap', '--env', 'constructor', '--', 'x']],
])('wrap %s is misuse', async (_what, words) => {
  await expect(run(words, { cwd: temporaryFolder() })).rejects.toMatchObject({
    code: expect.stringMatching(/LELU_USAGE_INVALID|commander\.missingArgument/),
  })
})
