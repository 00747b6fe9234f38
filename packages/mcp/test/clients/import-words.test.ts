// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the clients' own syntax
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Imported } from '../../src/clients/actions/results.ts'
import { clients } from '../../src/clients/table.ts'
import { translate, wordsOf } from '../../src/clients/translate.ts'
import { readGatewayConfig } from '../../src/gateway/config.ts'
import { type Computer, computer } from './support.ts'

// What an entry of a client says in words of its own: it is the same behind the gateway, or it stays where it is.

const gateway = 'lelu-mcp.json'

async function importOf(pc: Computer, ...argv: string[]): Promise<Imported & { code: number }> {
  const { code, stdout } = await pc.run('import', '--json', ...argv)
  const [first] = (JSON.parse(stdout) as { clients: Imported[] }).clients
  if (first === undefined) throw new Error('nothing was imported')
  return { ...first, code }
}

const stdio = (server: object) => JSON.stringify({ mcpServers: { files: server } })

test('what Cursor fills in is written out where it is known here, and read by the gateway', async () => {
  const pc = computer()
  const args = ['${workspaceFolder}/a', '${workspaceFolderBasename}', '${userHome}${/}b']
  pc.write(
    '.cursor/mcp.json',
    stdio({ command: 'run', args, cwd: '${workspaceFolder}', env: { S: '${pathSeparator}' } }),
  )
  const { code, result, filled } = await importOf(pc, '--cursor')
  expect({ code, result }).toEqual({ code: 0, result: 'imported' })
  expect(filled).toContain('${workspaceFolder}')
  const { servers } = await readGatewayConfig(pc.path(gateway), {})
  expect(servers.get('files')).toEqual({
    kind: 'stdio',
    command: 'run',
    args: [join(pc.project, 'a'), 'project', join(pc.home, 'b')],
    cwd: pc.project,
    env: { S: '/' },
  })
  const again = computer()
  again.write('.cursor/mcp.json', stdio({ command: 'run', args: ['${userHome}'] }))
  expect((await again.run('import', '--cursor')).stdout).toContain(
    'note: ${userHome} written as it is on this computer',
  )
})

type Case = [what: string, flags: string[], file: string, text: string, kept: object]

const literal = (title: string) =>
  `that is plain text to ${title}, and would be a reference to the gateway`

const cases: Case[] = [
  [
    'the folder of whatever window is open',
    ['--cursor', '--global'],
    '~/.cursor/mcp.json',
    stdio({ command: 'run', args: ['-d', '${workspaceFolder}'] }),
    { member: 'args[1]', text: '${workspaceFolder}', why: 'only Cursor can fill that in' },
  ],
  [
    'a variable of VS Code',
    ['--vscode'],
    '.vscode/mcp.json',
    '{"servers": {"files": {"command": "run", "args": ["${command:x.token}"]}}}',
    { member: 'args[0]', text: '${command:x.token}', why: 'only VS Code can fill that in' },
  ],
  [
    'a default of Claude Code, which may be the secret',
    ['--claude-code'],
    '.mcp.json',
    stdio({ command: 'run', env: { KEY: '${KEY:-hunter2}' } }),
    { member: 'env.KEY', text: '${KEY:-…}', why: 'the gateway knows no defaults' },
  ],
  [
    "another client's reference",
    ['--claude-code'],
    '.mcp.json',
    stdio({ command: 'run', args: ['${env:HOME}'] }),
    { member: 'args[0]', text: '${env:HOME}', why: literal('Claude Code') },
  ],
  [
    'a variable of the shell that Codex starts',
    ['--codex'],
    '.codex/config.toml',
    '[mcp_servers.files]\ncommand = "sh"\nargs = ["-c", "run ${HOME}"]\n',
    { member: 'args[1]', text: '${HOME}', why: literal('Codex') },
  ],
  [
    'a command of Goose, which resolves references of a URL alone',
    ['--goose'],
    '~/.config/goose/config.yaml',
    'extensions:\n  files:\n    type: stdio\n    cmd: sh\n    args: ["-c", "run ${HOME}"]\n',
    { member: 'args[1]', text: '${HOME}', why: literal('Goose') },
  ],
  [
    'a reference that only the two halves of it make',
    ['--claude-code'],
    '.mcp.json',
    stdio({ command: 'run', args: ['${A${HOME}B}'] }),
    { member: 'args[0]', text: '${AB}', why: literal('Claude Code') },
  ],
  [
    'headers from the environment of Codex',
    ['--codex'],
    '.codex/config.toml',
    '[mcp_servers.files]\nurl = "https://a.example/mcp"\n[mcp_servers.files.env_http_headers]\nX-Key = "KEY"\n',
    { member: 'env_http_headers', text: null, why: 'the gateway has nothing for it' },
  ],
  [
    'a file of variables',
    ['--vscode'],
    '.vscode/mcp.json',
    '{"servers": {"files": {"command": "run", "envFile": ".env"}}}',
    { member: 'envFile', text: null, why: 'the gateway has nothing for it' },
  ],
  [
    'a login',
    ['--opencode'],
    'opencode.json',
    '{"mcp": {"files": {"type": "remote", "url": "https://a.example/mcp", "oauth": {"clientId": "x"}}}}',
    { member: 'oauth', text: null, why: 'the gateway has nothing for it' },
  ],
  [
    'the content of a file',
    ['--opencode'],
    'opencode.json',
    '{"mcp": {"files": {"type": "local", "command": ["run", "{file:./key}"]}}}',
    { member: 'args[0]', text: '{file:./key}', why: 'only OpenCode can fill that in' },
  ],
  [
    'what the reader of the gateway refuses',
    ['--codex'],
    '.codex/config.toml',
    '[mcp_servers.files]\nurl = "https://x/"\nbearer_token_env_var = "A-B"\n',
    {
      member: 'headers.Authorization',
      text: null,
      why: 'the gateway says that it has a reference that is none of an environment variable: ${A-B}',
    },
  ],
]

for (const [what, flags, file, text, kept] of cases) {
  test(`not moved, and nothing written: ${what}`, async () => {
    const pc = computer()
    pc.write(file, text)
    const answer = await importOf(pc, ...flags)
    expect(answer).toMatchObject({ code: 1, result: 'failed', moved: [] })
    expect(answer.kept).toEqual([{ name: 'files', ...kept }])
    expect(answer.error?.code).toBe('LELU_MCP_CLIENT_UNSUPPORTED')
    expect(pc.read(file)).toBe(text)
    expect(existsSync(pc.path(gateway))).toBe(false)
    const { stdout } = await pc.run('import', ...flags)
    expect(stdout).toMatch(/× files not imported, because (of |the gateway)/)
    expect(stdout).not.toContain('hunter2')
  })
}

test('the others are moved, and what stays is still in the file of the client', async () => {
  const pc = computer()
  pc.write(
    '.mcp.json',
    JSON.stringify({
      mcpServers: {
        level: { command: 'run', env: { LEVEL: '${LEVEL:-info}' } },
        web: { type: 'http', url: 'https://x/', headers: { A: 'Bearer ${WEB}' } },
      },
    }),
  )
  const { code, stdout } = await pc.run('import', '--claude-code')
  expect(stdout).toContain('Claude Code: web moved from .mcp.json (this project) to lelu-mcp.json')
  expect(stdout).toContain(
    '× level not imported, because of env.LEVEL, ${LEVEL:-…}: the gateway knows no defaults',
  )
  expect(stdout).toContain('the gateway starts only where these are set: WEB')
  expect(code).toBe(1)
  expect(Object.keys(JSON.parse(pc.read('.mcp.json')).mcpServers)).toEqual(['level', 'lelu'])
  const { servers } = await readGatewayConfig(pc.path(gateway), { WEB: 'x' })
  expect([...servers.keys()]).toEqual(['web'])
  expect(await importOf(pc, '--claude-code')).toMatchObject({ code: 1, result: 'failed' })
})

test('Gemini CLI reads a variable without braces, too, and the gateway does not', async () => {
  const pc = computer()
  pc.write('.gemini/settings.json', stdio({ command: 'run', env: { KEY: '$SOME_KEY' } }))
  expect((await importOf(pc, '--gemini')).code).toBe(0)
  expect(JSON.parse(pc.read(gateway)).mcpServers.files.env).toEqual({ KEY: '${SOME_KEY}' })
})

test('to a command of Goose a dollar sign is a dollar sign', async () => {
  const pc = computer()
  const file = '~/.config/goose/config.yaml'
  pc.write(file, 'extensions:\n  files:\n    type: stdio\n    cmd: sh\n    args: ["-c", "$HOME"]\n')
  expect((await importOf(pc, '--goose')).code).toBe(0)
  expect(JSON.parse(pc.read(gateway)).mcpServers.files.args).toEqual(['-c', '$HOME'])
})

test('a folder whose name looks like a reference is not written out', () => {
  const cursor = clients.find(({ id }) => id === 'cursor')
  if (cursor === undefined) throw new Error('no Cursor')
  const place = { ...computer().place, cwd: '/srv/${HOME}' }
  const words = wordsOf(cursor, 'stdio', 'project', place)
  expect(translate('${workspaceFolder}/a', words)).toMatchObject({ part: '${HOME}' })
  expect(translate('${userHome}/a', words)).toEqual({
    text: `${place.home}/a`,
    filled: ['${userHome}'],
  })
})

test('a variable that is set here is not asked for, and a whole URL may be one', async () => {
  const pc = computer()
  pc.write('.cursor/mcp.json', stdio({ url: '${env:BASE}/mcp', headers: { A: '${env:SET}' } }))
  pc.write(
    gateway,
    '{"mcpServers": {"off": {"url": "https://${OFF}/", "disabled": true}, "on": {"url": "http://x:${PORT}/"}}}',
  )
  const { code, stdout } = await pc.runWith({ SET: 'x' }, 'import', '--cursor')
  expect(stdout).toContain('the gateway starts only where these are set: PORT, BASE\n')
  expect(code).toBe(0)
})

const broken: [what: string, text: string, says: RegExp][] = [
  ['a server of its own without a command', '{"mcpServers": {"own": {}}}', /needs a `command`/],
  [
    'names for one server, and now two',
    '{"mcpServers": {"own": {"command": "x"}}, "lelu": {"prefix": "{tool}"}}',
    /cannot tell the tools of servers apart/,
  ],
  ['a setting that is none', '{"lelu": {"polices": "x"}}', /unknown member `polices`/],
]

for (const [what, text, says] of broken) {
  test(`nothing is written where the gateway could not start with it: ${what}`, async () => {
    const pc = computer()
    const servers = stdio({ command: 'run' })
    pc.write('.cursor/mcp.json', servers)
    pc.write(gateway, text)
    for (const more of [[], ['--dry-run']]) {
      const { code, error } = await importOf(pc, '--cursor', ...more)
      expect(error?.code).toBe('LELU_MCP_CONFIG_INVALID')
      expect(error?.message).toMatch(says)
      expect(error?.message).toMatch(/Nothing was changed\.$/)
      expect(code).toBe(1)
    }
    expect([pc.read('.cursor/mcp.json'), pc.read(gateway)]).toEqual([servers, text])
    expect(existsSync(pc.path('.cursor/mcp.json.lelu-backup'))).toBe(false)
  })
}

test('also of servers that are there already, as after a half-done import', async () => {
  const pc = computer()
  const servers = stdio({ command: 'run' })
  pc.write('.cursor/mcp.json', servers)
  pc.write(gateway, '{"mcpServers": {"files": {"command": "run", "args": []}}, "lelu": {"a": 1}}')
  expect((await importOf(pc, '--cursor')).error?.code).toBe('LELU_MCP_CONFIG_INVALID')
  expect(pc.read('.cursor/mcp.json')).toBe(servers)
})

test('a file of the gateway with a byte order mark, as some editors write it, gets the servers and keeps the mark', async () => {
  const pc = computer()
  pc.write('.cursor/mcp.json', stdio({ command: 'run' }))
  pc.write(gateway, '\ufeff{}')
  expect((await importOf(pc, '--cursor')).code).toBe(0)
  expect(pc.read(gateway).startsWith('\ufeff{')).toBe(true)
  expect([...(await readGatewayConfig(pc.path(gateway), {})).servers.keys()]).toEqual(['files'])
})
