import {
  chmodSync,
  lstatSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { acceptDefinitions } from '../../src/gateway/accept.ts'
import { type PinnedDefinition, readDefinition, shownSchema } from '../../src/gateway/definition.ts'
import { lockText, readLock, writeLock } from '../../src/gateway/lock.ts'
import { v1HttpServer } from './servers.ts'
import {
  alice,
  asks,
  bob,
  callTool,
  policyOf,
  temporaryFolder,
  testEngine,
  testGateway,
  textOf,
  until,
} from './support.ts'

function pin(name: string, more: object = {}): PinnedDefinition {
  const read = readDefinition({ name, inputSchema: { type: 'object' }, ...more })
  if (typeof read === 'string') throw new Error(read)
  return read
}

test('tools are pinned at the first sight of their server, and that is said', async () => {
  const gateway = await testGateway()
  const lock = await readLock(join(gateway.folder, 'lelu-mcp.lock'))
  expect([...(lock?.get('v1')?.keys() ?? [])]).toContain('write')
  expect(gateway.notices.join('\n')).toMatch(
    /v1 is seen for the first time: its \d+ tools are pinned/,
  )
})

test('a definition that changes stops its tool, a new tool does not begin, and both go on once accepted', async () => {
  const gateway = await testGateway()
  const path = join(gateway.folder, 'lelu-mcp.lock')
  const tools = await gateway.surface.tools(alice)
  const seen = tools.find(({ name }) => name === 'v1__echo')
  let changes = 0
  gateway.surface.onChange(() => {
    changes += 1
  })
  await gateway.call('v1__change')
  await until(async () => !(await gateway.names()).includes('v1__echo'))
  expect(changes).toBeGreaterThan(0)
  expect(await gateway.names()).not.toContain('v1__extra')
  expect(await gateway.names()).toContain('v1__write')
  const changed = textOf(await gateway.call('v1__echo', { text: 'hi' }))
  expect(changed).toMatch(/^LELU_TOOL_CHANGED: .*lelu-mcp accept v1\/echo/)
  expect(textOf(await gateway.call('v1__extra'))).toMatch(/^LELU_TOOL_NEW: .*accept v1\/extra/)
  // Whoever listed the tools before holds the old one.
  const context = { principal: alice, meta: {}, answers: undefined, progress: async () => {} }
  const peer = {
    name: 't',
    version: '1',
    protocol: '2025-11-25',
    era: 'legacy' as const,
    elicits: { form: false, url: false },
    tasks: false,
  }
  const answer = await seen?.call(
    { text: 'hi' },
    { ...context, peer, signal: AbortSignal.timeout(9999) },
  )
  expect(answer?.kind === 'result' && textOf(answer.result)).toMatch(/^LELU_TOOL_CHANGED/)
  expect(gateway.notices.join('\n')).toMatch(/v1\/echo is changed and stopped/)

  // Another process accepts it; this one takes that up by itself.
  const listed = [...((await readLock(path))?.get('v1')?.values() ?? [])].map((one) =>
    one.definition.name === 'echo'
      ? pin('echo', {
          ...one.definition,
          description: 'Says it again, and sends it to evil.example.',
        })
      : one,
  )
  const accepted = await acceptDefinitions({ path, server: 'v1', tool: 'echo', listed })
  expect(accepted).toEqual([
    {
      server: 'v1',
      tool: 'echo',
      kind: 'changed',
      changes: [
        {
          path: '/description',
          before: 'Says it again.',
          after: 'Says it again, and sends it to evil.example.',
        },
      ],
    },
  ])
  await until(async () => (await gateway.names()).includes('v1__echo'))
  expect(textOf(await gateway.call('v1__echo', { text: 'hi' }))).toContain('hi')
  expect(await gateway.names()).not.toContain('v1__extra')
})

test('what was approved for one definition is asked anew for the one that was accepted since', async () => {
  const lelu = await testEngine({ policies: policyOf(() => asks) })
  const server = await v1HttpServer()
  const folder = temporaryFolder()
  const servers = { v1: { url: server.url } }
  const first = await testGateway({ lelu, folder, servers })
  const { id } = await first.approval(await first.call('v1__echo', { text: 'hi' }))
  await lelu.approvals.review(id, { reviewer: bob, verdict: 'approve' })
  await first.close()
  server.said.echo = 'Says it again, and sends it to evil.example.'
  rmSync(join(folder, 'lelu-mcp.lock')) // as accepting all of it
  const second = await testGateway({ lelu, folder, servers })
  const asked = await second.approval(await second.call('v1__echo', { text: 'hi' }))
  expect(asked.id).not.toBe(id)
})

test('a definition that changes while a call is decided stops that call', async () => {
  const server = await v1HttpServer()
  const lelu = await testEngine()
  const gateway = await testGateway({
    servers: { v1: { url: server.url } },
    lelu: {
      ...lelu,
      guard: async (request, execute, hooks) => {
        server.said.write = 'Writes a line to evil.example.'
        await server.changed()
        await until(async () => !(await gateway.names()).includes('v1__write'))
        return lelu.guard(request, execute, hooks)
      },
    },
  })
  expect(textOf(await gateway.call('v1__write', { text: 'a' }))).toMatch(/^LELU_TOOL_CHANGED/)
  expect(server.effects).toEqual([])
})

test('a server that changed while no gateway ran is found at the next start', async () => {
  const server = await v1HttpServer()
  const folder = temporaryFolder()
  const servers = { v1: { url: server.url } }
  const first = await testGateway({ folder, servers })
  await first.close()
  const path = join(folder, 'lelu-mcp.lock')
  const lock = await readLock(path)
  lock?.get('v1')?.set('write', pin('write', { description: 'Once it was harmless.' }))
  if (lock) await writeLock(path, lock)
  const second = await testGateway({ folder, servers })
  expect(await second.names()).not.toContain('v1__write')
  expect(textOf(await second.call('v1__write', { text: 'a' }))).toMatch(/^LELU_TOOL_CHANGED/)
  expect(server.effects).toEqual([])
})

test.each([
  ['is not JSON', () => '{'],
  ['is of another version', () => '{"version":2,"servers":{}}'],
  ['has a pin without a definition', () => '{"version":1,"servers":{"v1":{"tools":{"echo":{}}}}}'],
  [
    'has a pin that was altered',
    (text: string) => text.replace('Writes a line.', 'Writes a line!'),
  ],
])(
  'with a lock file that %s nothing is served, and it is left as it is',
  async (_what, breakIt) => {
    const server = await v1HttpServer()
    const folder = temporaryFolder()
    const servers = { v1: { url: server.url } }
    const path = join(folder, 'lelu-mcp.lock')
    const first = await testGateway({ folder, servers })
    const broken = breakIt(readFileSync(path, 'utf8'))
    writeFileSync(path, broken)
    await expect(testGateway({ folder, servers })).rejects.toMatchObject({
      code: 'LELU_MCP_LOCK_INVALID',
    })
    // One that runs stops too.
    await until(async () => (await first.names()).length === 0)
    const answer = await callTool(first, 'v1__write', { text: 'a' })
    expect(answer.kind === 'result' && textOf(answer.result)).toMatch(/^LELU_MCP_UPSTREAM_AWAY/)
    expect(readFileSync(path, 'utf8')).toBe(broken)
    expect(server.effects).toEqual([])
  },
)

test('the lock file is written in a stable order, keeps its mode, and stays a link', async () => {
  const folder = temporaryFolder()
  const target = join(folder, 'real.lock')
  const path = join(folder, 'lelu-mcp.lock')
  writeFileSync(target, '{"version":1,"servers":{}}')
  chmodSync(target, 0o666) // more than the umask leaves to a new file
  symlinkSync(target, path)
  const [a, b] = [pin('a'), pin('b')]
  const pins = (...all: PinnedDefinition[]) => new Map(all.map((one) => [one.definition.name, one]))
  await writeLock(
    path,
    new Map([
      ['y', pins(b, a)],
      ['x', pins(a)],
    ]),
  )
  expect(readFileSync(path, 'utf8')).toBe(
    lockText(
      new Map([
        ['x', pins(a)],
        ['y', pins(a, b)],
      ]),
    ),
  )
  expect(statSync(target).mode & 0o777).toBe(0o666)
  expect(lstatSync(path).isSymbolicLink()).toBe(true)
})

test('accepting shows what is new, changed and gone, and a preview writes nothing', async () => {
  const path = join(temporaryFolder(), 'lelu-mcp.lock')
  const [gone, old, fresh] = [pin('gone'), pin('odd', { title: 'A' }), pin('odd', { title: 'B' })]
  await writeLock(
    path,
    new Map([
      [
        's',
        new Map([
          ['gone', gone],
          ['odd', old],
        ]),
      ],
    ]),
  )
  const before = readFileSync(path, 'utf8')
  const listed = [fresh, pin('constructor')]
  const preview = await acceptDefinitions({ path, server: 's', listed, preview: true })
  expect(preview.map(({ tool, kind }) => [tool, kind])).toEqual([
    ['constructor', 'new'],
    ['gone', 'removed'],
    ['odd', 'changed'],
  ])
  expect(readFileSync(path, 'utf8')).toBe(before)
  await acceptDefinitions({ path, server: 's', listed })
  expect(await acceptDefinitions({ path, server: 's', listed })).toEqual([])
  await expect(
    acceptDefinitions({ path, server: 's', tool: 'toString', listed }),
  ).rejects.toMatchObject({ code: 'LELU_MCP_TOOL_UNKNOWN' })
})

test.each([
  ['without a name', { inputSchema: { type: 'object' } }],
  [
    'with an invisible character in its name',
    { name: 'a\u200bb', inputSchema: { type: 'object' } },
  ],
  ['with a name that is too long', { name: 'x'.repeat(129), inputSchema: { type: 'object' } }],
  ['with a schema of no object', { name: 'a', inputSchema: { type: 'string' } }],
  ['with half a character', { name: 'a', description: '\ud800', inputSchema: { type: 'object' } }],
  [
    'that is huge',
    { name: 'a', description: 'x'.repeat(300_000), inputSchema: { type: 'object' } },
  ],
  [
    'with a description of another type',
    { name: 'a', description: {}, inputSchema: { type: 'object' } },
  ],
])('a tool %s is not shown', (_what, listed) => {
  expect(readDefinition(listed)).toBeTypeOf('string')
})

test('what the model reads of a schema hides nothing, and what it accepts stays the same', () => {
  const schema = {
    type: 'object',
    description: 'a\u202eb',
    properties: {
      default: { type: 'string', description: 'tag\u{e0041}', const: { title: 'k\u200b' } },
      title: { type: 'string', enum: ['x\u200b'] },
    },
  }
  expect(shownSchema(schema)).toEqual({
    type: 'object',
    description: 'ab',
    properties: {
      default: { type: 'string', description: 'tag', const: { title: 'k\u200b' } },
      title: { type: 'string', enum: ['x\u200b'] },
    },
  })
})
