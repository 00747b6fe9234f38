import { chmodSync, chownSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { acceptDefinitions } from '../../src/gateway/accept.ts'
import { type PinnedDefinition, readDefinition } from '../../src/gateway/definition.ts'
import { readLock } from '../../src/gateway/lock.ts'
import { openPins } from '../../src/gateway/pins.ts'
import { v1HttpServer } from './servers.ts'
import { temporaryFolder, testGateway } from './support.ts'

function pin(name: string): PinnedDefinition {
  const read = readDefinition({ name, inputSchema: { type: 'object' } })
  if (typeof read === 'string') throw new Error(read)
  return read
}

test('servers that several processes see for the first time at once are all pinned, and accepting takes none away', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'lelu-mcp.lock')
  const servers = ['a', 'b', 'c', 'd', 'e']
  // As of one client that starts all it has wrapped: each has pins of its own over one file.
  const judging = servers.map((server) => openPins(path).judge(server, [pin('one')]))
  const accepting = acceptDefinitions({ path, server: 'f', listed: [pin('one')] })
  for (const { first, states } of await Promise.all(judging)) {
    expect(first).toEqual(['one'])
    expect(states.get('one')).toBe('pinned')
  }
  expect(await accepting).toMatchObject([{ kind: 'new' }])
  expect([...((await readLock(path)) ?? [])].map(([server]) => server)).toEqual([...servers, 'f'])
  expect(readdirSync(folder)).toEqual(['lelu-mcp.lock'])
})

test('of two that see one server for the first time, the second is held against what the first saw', async () => {
  const path = join(temporaryFolder(), 'lelu-mcp.lock')
  const judging = ['one', 'two'].map((tool) => openPins(path).judge('a', [pin(tool)]))
  const states = (await Promise.all(judging)).flatMap((judged) => [...judged.states.values()])
  expect(states.sort()).toEqual(['new', 'pinned'])
})

const entry = (tools: unknown) => ({ version: 1, servers: { a: { tools } } })

test.each([
  ['null', null],
  ['of another version', { version: 2, servers: {} }],
  ['without servers', { version: 1 }],
  ['with a server that is null', { version: 1, servers: { a: null } }],
  ['with a server that has no tools', { version: 1, servers: { a: {} } }],
  ['with a pin that is null', entry({ one: null })],
  ['with a pin without a definition', entry({ one: { sha256: pin('one').sha256 } })],
  ['with a definition that could not be served', entry({ one: { ...pin('one'), definition: {} } })],
  ['with a pin under the name of another tool', entry({ two: pin('one') })],
  [
    'with the digest of another definition',
    entry({ one: { ...pin('one'), sha256: pin('two').sha256 } }),
  ],
])('a lock file %s is refused whole', async (_what, file) => {
  const path = join(temporaryFolder(), 'lelu-mcp.lock')
  writeFileSync(path, JSON.stringify(file))
  await expect(readLock(path)).rejects.toMatchObject({ code: 'LELU_MCP_LOCK_INVALID' })
})

test('the folder of the lock file need not be there', async () => {
  const path = join(temporaryFolder(), 'pins', 'lelu-mcp.lock')
  expect((await openPins(path).judge('a', [pin('one')])).first).toEqual(['one'])
})

test('where the pins cannot be written nothing is served, and it is the file that is named, not the server', async () => {
  const { url } = await v1HttpServer()
  // Too long for what is written beside it.
  const settings = { pin: 'x'.repeat(250) }
  const gateway = await testGateway({ servers: { v1: { url } }, settings })
  expect(await gateway.names()).toEqual([])
  expect(gateway.notices[0]).toMatch(
    /^v1 has tools that cannot be held against their pins \(LELU_MCP_LOCK_READONLY: .*ENAMETOOLONG/,
  )
})

// Only root can give a file to somebody else.
test.runIf(process.getuid?.() === 0)(
  'what root accepts is still in a file that its owner can read (as root)',
  async () => {
    const path = join(temporaryFolder(), 'lelu-mcp.lock')
    writeFileSync(path, '{"version":1,"servers":{}}')
    chmodSync(path, 0o600)
    chownSync(path, 12_345, 12_346)
    await acceptDefinitions({ path, server: 'a', listed: [pin('one')] })
    expect(statSync(path)).toMatchObject({ uid: 12_345, gid: 12_346 })
    expect(statSync(path).mode & 0o777).toBe(0o600)
  },
)
