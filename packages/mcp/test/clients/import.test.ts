// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the clients' own syntax
import { chmodSync, existsSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { computer } from './support.ts'

const cursor = '.cursor/mcp.json'
const gateway = 'lelu-mcp.json'

const before = `{
  // the team's servers
  "mcpServers": {
    "files": { "command": "npx", "args": ["-y", "files"], "env": { "KEY": "hunter2", "T": "\${env:TOKEN}" } },
    "web": { "url": "https://web.example/mcp", "headers": { "Authorization": "Bearer \${env:WEB}" } },
    "off": { "command": "old", "disabled": true },
    "old": { "type": "sse", "url": "https://old.example/sse" }
  },
  "other": true
}
`

test('servers move behind the gateway, and the client has the one entry of ours', async () => {
  const pc = computer()
  pc.write(cursor, before)
  const { code, stdout } = await pc.run('import', '--cursor')
  expect(code).toBe(0)
  expect(JSON.parse(pc.read(gateway))).toEqual({
    mcpServers: {
      files: { command: 'npx', args: ['-y', 'files'], env: { KEY: 'hunter2', T: '${TOKEN}' } },
      web: { url: 'https://web.example/mcp', headers: { Authorization: 'Bearer ${WEB}' } },
      old: { type: 'sse', url: 'https://old.example/sse' },
    },
  })
  const left = pc.read(cursor)
  expect(left).toContain("// the team's servers")
  expect(JSON.parse(left.replace(/\/\/.*/, ''))).toEqual({
    mcpServers: {
      off: { command: 'old', disabled: true },
      lelu: { url: 'http://localhost:3003/mcp' },
    },
    other: true,
  })
  expect(stdout).toContain(
    'files, web, old moved from .cursor/mcp.json (this project) to lelu-mcp.json',
  )
  expect(stdout).toContain('turned off, and left: off')
  expect(stdout).toContain('to undo: cp .cursor/mcp.json.lelu-backup .cursor/mcp.json')
  expect(stdout).not.toContain('hunter2')
  expect(pc.read(`${cursor}.lelu-backup`)).toBe(before)
})

test('the file that got secrets is for its owner alone, also when it was not before', async () => {
  const pc = computer()
  pc.write(cursor, before)
  await pc.run('import', '--cursor')
  expect(statSync(pc.path(gateway)).mode & 0o777).toBe(0o600)
  const second = computer()
  second.write(cursor, before)
  second.write(gateway, '{}\n')
  chmodSync(second.path(gateway), 0o644)
  await second.run('import', '--cursor')
  expect(statSync(second.path(gateway)).mode & 0o777).toBe(0o600)
})

test('a name that the gateway has for another server refuses all, and changes nothing', async () => {
  const pc = computer()
  const theirs = '{"mcpServers": {"files": {"command": "another"}}}\n'
  pc.write(cursor, before)
  pc.write(gateway, theirs)
  const { code, stdout } = await pc.run('import', '--cursor')
  expect(stdout).toMatch(/LELU_MCP_NAME_TAKEN: .*: files\. Nothing was changed\./)
  expect(code).toBe(1)
  expect([pc.read(cursor), pc.read(gateway)]).toEqual([before, theirs])
})

test('run again after a half-done import it goes on: the same server twice is no collision', async () => {
  const pc = computer()
  pc.write(cursor, before)
  await pc.run('import', '--cursor')
  const moved = pc.read(gateway)
  pc.write(cursor, before) // as if the second write had never happened
  expect((await pc.run('import', '--cursor')).code).toBe(0)
  expect(pc.read(gateway)).toBe(moved)
  const nothing = await pc.run('import', '--cursor')
  expect(nothing.stdout).toContain('no servers to move')
  expect(nothing.code).toBe(0)
})

test('what was there before the import is kept, also when an older backup is there', async () => {
  const pc = computer()
  pc.write(cursor, '{"mcpServers": {}}\n')
  await pc.run('add', '--cursor', '--no-verify')
  pc.write(cursor, before)
  const { stdout } = await pc.run('import', '--cursor')
  expect(stdout).toContain('.cursor/mcp.json.lelu-backup-2')
  expect(pc.read(`${cursor}.lelu-backup-2`)).toBe(before)
  expect(pc.read(`${cursor}.lelu-backup`)).toBe('{"mcpServers": {}}\n')
})

test('a dry run shows both differences without secrets, and writes nothing', async () => {
  const pc = computer()
  pc.write(cursor, before)
  const { stdout } = await pc.run('import', '--cursor', '--dry-run')
  expect(stdout).toContain('+++ lelu-mcp.json')
  expect(stdout).toContain('+++ .cursor/mcp.json')
  expect(stdout).not.toContain('hunter2')
  expect(pc.read(cursor)).toBe(before)
  expect(existsSync(pc.path(gateway))).toBe(false)
})

test('a value that the client asks a person for cannot be moved', async () => {
  const pc = computer()
  const text = '{"servers": {"web": {"url": "https://x/", "headers": {"A": "${input:key}"}}}}\n'
  pc.write('.vscode/mcp.json', text)
  const { code, stdout } = await pc.run('import', '--vscode')
  expect(stdout).toContain('VS Code asks for a value of it')
  expect(code).toBe(1)
  expect(pc.read('.vscode/mcp.json')).toBe(text)
  expect(existsSync(pc.path(gateway))).toBe(false)
})

test('a token that an entry names becomes a header of the gateway, in its words', async () => {
  const pc = computer()
  pc.write(
    '.codex/config.toml',
    '[mcp_servers.web]\nurl = "https://x/"\nbearer_token_env_var = "WEB"\n',
  )
  await pc.run('import', '--codex', '--stdio')
  expect(JSON.parse(pc.read(gateway)).mcpServers.web).toEqual({
    url: 'https://x/',
    headers: { Authorization: 'Bearer ${WEB}' },
  })
  expect(pc.read('.codex/config.toml')).toContain(
    `args = [ "-y", "@lelu/mcp", "serve", "--stdio", "--config", "${pc.path(gateway)}" ]`,
  )
})

test('what a person copies to go on or to undo holds together, also where paths have blanks', async () => {
  const pc = computer()
  const run = (...more: string[]) =>
    pc.runWith({ XDG_CONFIG_HOME: pc.path('~/my settings') }, 'import', '--vscode', ...more)
  pc.write('~/my settings/Code/User/mcp.json', '{"servers": {"a": {"command": "run"}}}')
  const { stdout } = await run('--global', '--config', 'my gateway.json')
  const file = "~/'my settings/Code/User/mcp.json"
  expect(stdout).toContain(`to undo: cp ${file}.lelu-backup' ${file}', and`)
  expect(stdout).toContain("serve --config 'my gateway.json';")
})

test('a server of a project runs in its folder, also where the file of the gateway is elsewhere', async () => {
  const pc = computer()
  const servers = { a: { command: './run' }, b: { command: 'run', cwd: 'sub' } }
  pc.write(cursor, JSON.stringify({ mcpServers: servers }))
  const elsewhere = pc.path('~/gateway/lelu-mcp.json')
  expect((await pc.run('import', '--cursor', '--config', elsewhere)).code).toBe(0)
  const { mcpServers } = JSON.parse(pc.read('~/gateway/lelu-mcp.json'))
  expect([mcpServers.a.cwd, mcpServers.b.cwd]).toEqual([pc.project, pc.path('sub')])
})
