// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the clients' own syntax
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Added } from '../../src/clients/actions/results.ts'
import { bothEras, nobody } from './servers.ts'
import { computer } from './support.ts'

const cursor = '.cursor/mcp.json'

function shown(stdout: string): Added[] {
  return (JSON.parse(stdout) as { clients: Added[] }).clients
}

test('the entry that was written is read back from the file, and connects', async () => {
  const pc = computer()
  const { origin, requests } = await bothEras('t0ken')
  const argv = ['add', '--cursor', '--url', `${origin}/mcp`, '--token-env', 'MY_TOKEN']
  const { code, stdout, stderr } = await pc.runWith({ MY_TOKEN: 't0ken' }, ...argv)
  expect(stdout).toMatch(
    /^Cursor: lelu added, in \.cursor\/mcp\.json \(this project\)\n {2}connected: both 2\.0\.0, MCP 2025-11-25, 2 tools\n {2}next: In Cursor/,
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(requests[0]?.headers.authorization).toBe('Bearer t0ken')
  expect(pc.read(cursor)).not.toContain('t0ken')
  expect(pc.read(cursor)).toContain('"Authorization": "Bearer ${env:MY_TOKEN}"')
})

test("each client's own words for a token lead to the same connection", async () => {
  const pc = computer()
  const { origin } = await bothEras('t0ken')
  const ids = ['claude-code', 'codex', 'copilot-cli', 'cursor', 'gemini', 'goose', 'grok-build']
  ids.push('kimi', 'kiro', 'mcporter', 'opencode', 'pi', 'roo', 'vscode', 'windsurf')
  const flags = ids.map((id) => `--${id}`)
  const argv = ['add', ...flags, '--url', `${origin}/mcp`, '--token-env', 'MY_TOKEN', '--json']
  const { code, stdout } = await pc.runWith({ MY_TOKEN: 't0ken' }, ...argv)
  expect(code).toBe(0)
  const results = shown(stdout)
  expect(results.map(({ client }) => client)).toEqual(ids)
  for (const { client, handshake } of results) {
    expect(handshake, client).toMatchObject({ status: 'connected', tools: 2 })
  }
  // Claude Code begins with the current revision, the others are not known to.
  const protocols = results.map(({ handshake }) => (handshake as { protocol: string }).protocol)
  expect(protocols).toEqual(['2026-07-28', ...ids.slice(1).map(() => '2025-11-25')])
})

test('a server that does not run is no error, unless --verify says so', async () => {
  const pc = computer()
  const url = `${await nobody()}/mcp`
  const written = await pc.run('add', '--cursor', '--url', url)
  expect(written.stdout).toContain('nothing answers there. Start it with: npx @lelu/mcp serve')
  expect(written.code).toBe(0)
  const verified = await pc.run('add', '--cursor', '--url', url, '--verify')
  expect(verified.stdout).toContain('LELU_MCP_HANDSHAKE_FAILED')
  expect(verified.code).toBe(1)
  const unset = await pc.run('add', '--cursor', '--url', url, '--token-env', 'UNSET', '--verify')
  expect(unset.stdout).toContain('the environment variable UNSET is not set here')
  expect(unset.code).toBe(1)
})

test('it goes into the project where there is one, else to the user, and as asked', async () => {
  const pc = computer()
  const fileOf = async (...argv: string[]) =>
    shown((await pc.run('add', '--dry-run', '--json', ...argv)).stdout)[0]?.file
  expect(await fileOf('--cursor')).toBe(join(pc.project, cursor))
  expect(await fileOf('--cursor', '--global')).toBe(join(pc.home, cursor))
  expect(await fileOf('--windsurf')).toBe(join(pc.home, '.codeium/windsurf/mcp_config.json'))
  const refused = await pc.run('add', '--windsurf', '--project')
  expect(refused.stdout).toContain('Windsurf has no file of a project')
  expect(refused.code).toBe(1)
})

test('a folder that is no project, and a home under version control, are not written to', async () => {
  const pc = computer()
  const fileIn = async (folder: string) => {
    mkdirSync(folder, { recursive: true })
    const { scopeOf } = await import('../../src/clients/scope.ts')
    const { clients } = await import('../../src/clients/table.ts')
    const client = clients.find(({ id }) => id === 'cursor')
    if (client === undefined) throw new Error('no Cursor')
    return scopeOf(client, {}, { ...pc.place, cwd: folder })
  }
  expect(await fileIn(pc.project)).toBe('project')
  expect(await fileIn(join(pc.home, 'notes'))).toBe('global')
  mkdirSync(join(pc.home, '.git'))
  mkdirSync(join(pc.home, '.cursor'))
  expect(await fileIn(pc.home)).toBe('global')
})

test('a dry run shows the difference without any secret of the file, and writes nothing', async () => {
  const pc = computer()
  const before = `{
  "mcpServers": {
    "files": {
      "command": "npx",
      "args": ["--key", "sk-0123456789abcdefghijklmnop"],
      "env": { "API_KEY": "hunter2-of-files", "N": "1" }
    },
    "web": { "url": "https://web.example/mcp?apiKey=quiet", "headers": { "X-Key": "hush-hush" } }
  }
}
`
  pc.write(cursor, before)
  const { code, stdout } = await pc.run(
    'add',
    '--cursor',
    '--dry-run',
    '--header',
    'X-Lelu: of-ours',
  )
  expect(stdout).toContain('--- .cursor/mcp.json\n+++ .cursor/mcp.json\n@@ -')
  expect(stdout).toContain('+      "url": "http://localhost:3003/mcp"')
  for (const secret of ['sk-0123', 'hunter2', 'quiet', 'hush-hush', 'of-ours']) {
    expect(stdout).not.toContain(secret)
  }
  expect(stdout).toContain('‹hidden›')
  expect(code).toBe(0)
  expect(pc.read(cursor)).toBe(before)
  expect(readdirSync(pc.path('.cursor'))).toEqual(['mcp.json'])
})

test('--header writes its value with a warning, and never prints it', async () => {
  const pc = computer()
  const header = ['--header', 'Authorization: Bearer sssecret']
  for (const more of [[], ['--json'], ['--print'], ['--dry-run']]) {
    const { stdout, stderr } = await pc.run('add', '--zed', '--no-verify', ...header, ...more)
    expect(stdout + stderr).not.toContain('sssecret')
  }
  expect(pc.read('.zed/settings.json')).toContain('"Authorization": "Bearer sssecret"')
  const again = await pc.run('add', '--zed', '--no-verify', ...header)
  expect(again.stdout).toContain('for everybody who gets this project')
  expect((await pc.run('add', '--cursor', '--deeplink', ...header)).code).toBe(2)
})

test('a token over plain http to another machine is warned of', async () => {
  const pc = computer()
  const argv = ['add', '--cursor', '--no-verify', '--token-env', 'T', '--url']
  const warned = await pc.run(...argv, 'http://lelu.example/mcp')
  expect(warned.stdout).toContain('unencrypted')
  const local = await pc.run(...argv, 'http://127.0.0.1:3003/mcp', '--name', 'two')
  expect(local.stdout).not.toContain('unencrypted')
})

test('--print prints the entry alone, and --deeplink the link that holds it', async () => {
  const pc = computer()
  const printed = await pc.run('add', '--cursor', '--print', '--token-env', 'T')
  expect(JSON.parse(printed.stdout)).toEqual({
    mcpServers: {
      lelu: { url: 'http://localhost:3003/mcp', headers: { Authorization: 'Bearer ${env:T}' } },
    },
  })
  const several = await pc.run('add', '--codex', '--zed', '--print')
  expect(several.stdout).toContain('# Codex: .codex/config.toml\n[mcp_servers.lelu]\n')
  const link = (await pc.run('add', '--cursor', '--deeplink')).stdout.trim()
  expect(link).toMatch(/^cursor:\/\/anysphere\.cursor-deeplink\/mcp\/install\?name=lelu&config=/)
  const config = new URL(link).searchParams.get('config') ?? ''
  expect(JSON.parse(Buffer.from(config, 'base64').toString())).toEqual({
    url: 'http://localhost:3003/mcp',
  })
  const code = (await pc.run('add', '--vscode', '--deeplink')).stdout.trim()
  expect(JSON.parse(decodeURIComponent(code.replace('vscode:mcp/install?', '')))).toEqual({
    name: 'lelu',
    type: 'http',
    url: 'http://localhost:3003/mcp',
  })
  expect((await pc.run('add', '--zed', '--deeplink')).code).toBe(2)
  expect(existsSync(pc.path('.cursor'))).toBe(false)
})

test('of several clients each is reported, and one that fails does not stop the others', async () => {
  const pc = computer()
  pc.write(cursor, '{ broken')
  const { code, stdout } = await pc.run('add', '--cursor', '--zed', '--no-verify', '--json')
  expect(shown(stdout)).toMatchObject([
    { client: 'cursor', result: 'failed', error: { code: 'LELU_MCP_CONFIG_INVALID' } },
    { client: 'zed', result: 'added' },
  ])
  expect(code).toBe(1)
  expect(pc.read(cursor)).toBe('{ broken')
})

test('--detect takes the clients that are found, --all takes all', async () => {
  const pc = computer()
  mkdirSync(join(pc.home, '.codeium/windsurf'), { recursive: true })
  mkdirSync(pc.path('.zed'))
  const idsOf = async (flag: string) =>
    shown((await pc.run('add', flag, '--dry-run', '--json')).stdout).map(({ client }) => client)
  expect(await idsOf('--detect')).toEqual(['windsurf', 'zed'])
  expect((await idsOf('--all')).length).toBeGreaterThanOrEqual(25)
  const { code, stderr } = await pc.run('add')
  expect(stderr).toContain('Found here: --windsurf (Windsurf), --zed (Zed).')
  expect(code).toBe(2)
})

test('one file of two clients is written once, and both say that they share it', async () => {
  const pc = computer()
  const { stdout } = await pc.run('add', '--claude-code', '--copilot-cli', '--no-verify', '--json')
  expect(shown(stdout)).toMatchObject([
    { client: 'claude-code', result: 'added', warnings: ['Copilot CLI reads this file too'] },
    { client: 'copilot-cli', result: 'unchanged', warnings: ['Claude Code reads this file too'] },
  ])
})

const misuses: [argv: string[], says: RegExp][] = [
  [['--url', 'localhost:3003'], /not one of http or https/],
  [['--url', '/mcp'], /not a URL/],
  [['--url', 'http://user:pass@x/'], /user or password/],
  [['--stdio', '--url', 'http://x/'], /cannot be used with/],
  [['--stdio', '--token-env', 'T'], /takes no token/],
  [['--config', 'x.json'], /Add --stdio/],
  [['--token-env', 'sk-secret value'], /not the name of an environment variable/],
  [['--header', 'nonsense'], /not of the form/],
  [['--header', 'A: b\r\nC: d'], /not of the form/],
  [['--header', 'authorization: x', '--token-env', 'T'], /both give the token/],
  [['--header', 'a: x', '--header', 'A: y'], /given twice/],
  [['--name', 'my server'], /name of the entry/],
  [['--global', '--project'], /cannot be used with/],
  [['--print', '--dry-run'], /cannot be used with/],
]

for (const [argv, says] of misuses) {
  test(`${argv.join(' ').replaceAll('\r\n', '…')} is misuse, and nothing is written`, async () => {
    const pc = computer()
    const { code, stdout, stderr } = await pc.run('add', '--cursor', '--no-verify', ...argv)
    expect(stderr).toMatch(says)
    expect(stderr).not.toContain('secret value')
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(existsSync(pc.path('.cursor'))).toBe(false)
  })
}

test('VS Code is told once what to ask for, beside what it asks for already', async () => {
  const pc = computer()
  const file = '.vscode/mcp.json'
  pc.write(file, '{\n  "inputs": [\n    { "id": "other" } // theirs\n  ],\n  "servers": {}\n}\n')
  const argv = ['add', '--vscode', '--no-verify', '--token-env', 'LELU_TOKEN']
  await pc.run(...argv)
  await pc.run(...argv, '--name', 'second')
  const text = pc.read(file)
  expect(text).toContain('{ "id": "other" }, // theirs')
  const ids = JSON.parse(text.replace('// theirs', '')).inputs.map(({ id }: { id: string }) => id)
  expect(ids).toEqual(['other', 'LELU_TOKEN'])
})

test('OpenCode keeps the layout that its file has', async () => {
  const pc = computer()
  pc.write('opencode.json', '{\n  "mcp": {\n    "servers": {}\n  }\n}\n')
  await pc.run('add', '--opencode', '--no-verify')
  expect(JSON.parse(pc.read('opencode.json')).mcp.servers.lelu.type).toBe('remote')
})

test('Kilo takes a token from the environment in the file of its user alone', async () => {
  const pc = computer()
  const argv = ['add', '--kilo', '--no-verify', '--token-env', 'T']
  expect((await pc.run(...argv)).stdout).toMatch(/in the file of a project.*\n.*Use --global/)
  expect((await pc.run(...argv, '--global')).code).toBe(0)
})
