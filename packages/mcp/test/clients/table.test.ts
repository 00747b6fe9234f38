import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { type Client, candidates, type Place } from '../../src/clients/client.ts'
import { entryFor } from '../../src/clients/entry.ts'
import { clients } from '../../src/clients/table.ts'

// add-mcp (neon-solutions/add-mcp) keeps the best table of clients there is. Ours is held against it: a new version of
// it that differs fails here, and every difference has its reason.

type Theirs = {
  id: string
  global: string
  project: string | null
  key: string
  format: string
  remote: unknown
  stdio: unknown
  transports: string[]
}

const home = '/home/somebody'

function theirs(platform: NodeJS.Platform): Theirs[] {
  const script = `
    Object.defineProperty(process, 'platform', { value: ${JSON.stringify(platform)} })
    const { agents } = await import(${JSON.stringify(import.meta.resolve('add-mcp'))})
    console.log(JSON.stringify(Object.entries(agents).map(([id, agent]) => ({
      id, global: agent.configPath, project: agent.localConfigPath ?? null, key: agent.configKey,
      format: agent.format, transports: agent.supportedTransports,
      remote: agent.transformConfig('lelu', { type: 'http', url: 'http://x/mcp' }, { local: false }),
      stdio: agent.transformConfig('lelu', { command: 'npx', args: ['a'] }, { local: false }),
    }))))`
  const env = { HOME: home, PATH: process.env.PATH }
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env,
  })
  return JSON.parse(output) as Theirs[]
}

/** Their name for a client, where it is another. */
const names: Record<string, string> = {
  'gemini-cli': 'gemini',
  'github-copilot-cli': 'copilot-cli',
  'kilo-code': 'kilo',
  'kimi-code': 'kimi',
  'kiro-cli': 'kiro',
  mastracode: 'mastra-code',
}

/** Where we differ on purpose. */
const differences: Record<string, { path?: string; remote?: unknown; stdio?: unknown }> = {
  // Zed's own source: ~/.config/zed on macOS too.
  'zed darwin': { path: `${home}/.config/zed/settings.json` },
  // It reads one URL, and `type` is no field of it.
  codex: { remote: { url: 'http://x/mcp' } },
  mcporter: { remote: { url: 'http://x/mcp' } },
  // As the client's own command writes it.
  'claude-code': { stdio: { type: 'stdio', command: 'npx', args: ['a'] } },
  vscode: { stdio: { type: 'stdio', command: 'npx', args: ['a'] } },
  // Without headers that nobody asked for.
  goose: {
    remote: {
      type: 'streamable_http',
      uri: 'http://x/mcp',
      name: 'lelu',
      description: '',
      enabled: true,
      timeout: 300,
    },
    stdio: {
      type: 'stdio',
      cmd: 'npx',
      args: ['a'],
      name: 'lelu',
      description: '',
      enabled: true,
      timeout: 300,
    },
  },
  zed: {
    remote: { source: 'custom', type: 'http', url: 'http://x/mcp' },
    stdio: { source: 'custom', command: 'npx', args: ['a'] },
  },
  opencode: { stdio: { type: 'local', command: ['npx', 'a'], enabled: true } },
  kilo: { stdio: { type: 'local', command: ['npx', 'a'], enabled: true } },
}

/** Clients that they do not have, by documentation of their own. */
const oursAlone = ['amazon-q', 'roo', 'warp']

function ourEntry(client: Client, kind: 'http' | 'stdio'): unknown {
  const wanted =
    kind === 'http'
      ? { kind, url: 'http://x/mcp', headers: {} }
      : { kind, command: 'npx', args: ['a'] }
  const { shape } = entryFor(client, wanted, { name: 'lelu', scope: 'global' })
  return { ...shape.required, ...shape.defaults }
}

describe.each(['linux', 'darwin', 'win32'] as const)('on %s', (platform) => {
  const table = theirs(platform)
  const place: Place = { home, cwd: '/work', platform, env: {} }

  test('the clients are those of add-mcp, and three more', () => {
    const known = table.map(({ id }) => names[id] ?? id)
    expect(clients.map(({ id }) => id).sort()).toEqual([...known, ...oursAlone].sort())
  })

  for (const one of table) {
    const id = names[one.id] ?? one.id
    const client = clients.find((found) => found.id === id)
    test(`${id} has the files and the entries that add-mcp writes`, () => {
      if (client === undefined) throw new Error(`no client ${id}`)
      const { path = one.global } = differences[`${id} ${platform}`] ?? {}
      expect(candidates(client, 'global', place)[0]).toBe(path)
      expect(client.files.project?.[0] ?? null).toBe(one.project)
      expect(client.container({})).toEqual([one.key])
      expect(client.format).toBe(one.format)
      expect(client.remote !== null).toBe(one.transports.includes('http'))
      const { remote = one.remote, stdio = one.stdio } = differences[id] ?? {}
      if (client.remote !== null) expect(ourEntry(client, 'http')).toEqual(remote)
      expect(ourEntry(client, 'stdio')).toEqual(stdio)
    })
  }
})

test('every client has a flag of its own, and every reference that it writes it reads', () => {
  expect(new Set(clients.map(({ id }) => id)).size).toBe(clients.length)
  for (const { token, reads } of clients) {
    if (token.kind === 'text') expect(reads).toContain(token.reference)
    if (token.kind === 'input') expect(reads).toContain('input')
  }
})
