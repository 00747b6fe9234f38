import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Added, Imported } from '../../src/clients/actions/results.ts'
import { applicationData } from '../../src/clients/places.ts'
import { type Computer, computer } from './support.ts'

// `--all` and `--detect`: a client that cannot have what is asked for is left out, and said so.

const noClaude = { PATH: '/nowhere' }

const claudeDesktop = (pc: Computer) => join(applicationData(pc.place), 'Claude')

async function added(pc: Computer, ...argv: string[]) {
  const words = ['add', '--no-verify', '--json', ...argv]
  const { code, stdout } = await pc.runWith(noClaude, ...words)
  const { clients } = JSON.parse(stdout) as { clients: Added[] }
  const by = (result: Added['result']) =>
    clients.filter((client) => client.result === result).map(({ client }) => client)
  return { code, clients, added: by('added'), skipped: by('skipped'), failed: by('failed') }
}

test('--all adds to all that can have a server at a URL, and leaves Claude Desktop out', async () => {
  const pc = computer()
  const all = await added(pc, '--all')
  expect(all).toMatchObject({ code: 0, skipped: ['claude-desktop'], failed: [] })
  const why = all.clients.find(({ client }) => client === 'claude-desktop')?.error
  expect(why?.code).toBe('LELU_MCP_CLIENT_UNSUPPORTED')
  const { code, stdout } = await pc.runWith(noClaude, 'add', '--all', '--no-verify')
  expect(stdout).toContain(
    'Claude Desktop: skipped\n  LELU_MCP_CLIENT_UNSUPPORTED: Claude Desktop takes no server at a URL from its file.\n  help: Use --stdio',
  )
  expect(code).toBe(0)
})

test('--all leaves out who takes no token, has no such file, or has no `claude` to write it', async () => {
  const token = await added(computer(), '--all', '--token-env', 'T')
  expect(token).toMatchObject({ code: 0, failed: [] })
  expect(token.skipped).toContain('zed')
  const project = await added(computer(), '--all', '--project')
  expect(project).toMatchObject({ code: 0, failed: [] })
  expect(project.skipped).toContain('windsurf')
  const global = await added(computer(), '--all', '--global', '--stdio')
  expect(global).toMatchObject({ code: 0, skipped: ['claude-code'], failed: [] })
})

test('a client that was named still fails, and so does what goes wrong', async () => {
  const named = await added(computer(), '--all', '--claude-desktop')
  expect(named).toMatchObject({ code: 1, skipped: [], failed: ['claude-desktop'] })
  const alone = await added(computer(), '--claude-desktop')
  expect(alone).toMatchObject({ code: 1, failed: ['claude-desktop'] })
  const pc = computer()
  pc.write('.cursor/mcp.json', '{ broken')
  expect(await added(pc, '--all')).toMatchObject({ code: 1, failed: ['cursor'] })
})

test('--detect that could add to nobody fails', async () => {
  const pc = computer()
  mkdirSync(claudeDesktop(pc), { recursive: true })
  expect(await added(pc, '--detect')).toMatchObject({ code: 1, skipped: ['claude-desktop'] })
  expect((await pc.run('add', '--detect', '--print')).code).toBe(1)
  const removed = await pc.run('remove', '--detect', '--project')
  expect(removed).toMatchObject({ code: 0, stdout: 'None of them has such a file.\n' })
})

test('--print prints the entry of each that can have it, under its name', async () => {
  const pc = computer()
  const { code, stdout, stderr } = await pc.run('add', '--all', '--print')
  expect(stdout).toContain('# Cursor: .cursor/mcp.json\n{')
  expect(stdout).toContain('# Codex: .codex/config.toml\n[mcp_servers.lelu]\n')
  expect(stdout.match(/^# /gm)).toHaveLength(24)
  expect(stdout).not.toContain('Claude Desktop')
  expect(stderr).toMatch(/^Claude Desktop: skipped, LELU_MCP_CLIENT_UNSUPPORTED: .*\n$/)
  expect(code).toBe(0)
  const asJson = JSON.parse((await pc.run('add', '--all', '--print', '--json')).stdout)
  expect(asJson.clients).toHaveLength(24)
  expect(asJson.skipped).toMatchObject([{ client: 'claude-desktop' }])
  const named = await pc.run('add', '--all', '--claude-desktop', '--print')
  expect(named).toMatchObject({ code: 1, stdout: '' })
  expect(existsSync(pc.path('.cursor'))).toBe(false)
})

test('what one client gets makes no project of the folder to the next', async () => {
  const pc = computer('no project')
  const flags = ['--claude-code', '--copilot-cli']
  const files = async (...more: string[]) =>
    (await added(pc, ...flags, ...more)).clients.map(({ file }) => file)
  const wanted = [pc.path('.mcp.json'), pc.path('~/.copilot/mcp-config.json')]
  expect(await files('--dry-run')).toEqual(wanted)
  expect(await files()).toEqual(wanted)
})

test('remove --all goes through those that have such a file', async () => {
  const pc = computer()
  await pc.run('add', '--cursor', '--no-verify')
  const all = await pc.run('remove', '--all', '--project')
  expect(all.stdout).toContain('Cursor: lelu removed from .cursor/mcp.json')
  expect(all.stdout).not.toContain('Windsurf')
  expect(all.code).toBe(0)
  const named = await pc.run('remove', '--cursor', '--windsurf', '--project')
  expect(named.stdout).toMatch(/Cursor: no lelu in .*\nWindsurf: failed\n/)
  expect(named.code).toBe(1)
})

test('import --all leaves out who has no such file, and fails for a server that stays', async () => {
  const pc = computer()
  const imported = async (...argv: string[]) => {
    const { code, stdout } = await pc.run('import', '--all', '--json', ...argv)
    const { clients } = JSON.parse(stdout) as { clients: Imported[] }
    return { code, of: (id: string) => clients.find(({ client }) => client === id)?.result }
  }
  pc.write('.cursor/mcp.json', '{"mcpServers": {"a": {"command": "run"}}}')
  const project = await imported('--project')
  expect(project.of('windsurf')).toBe('skipped')
  expect(project.of('cursor')).toBe('imported')
  expect(project.code).toBe(0)
  mkdirSync(claudeDesktop(pc), { recursive: true })
  const desktop = join(claudeDesktop(pc), 'claude_desktop_config.json')
  writeFileSync(desktop, '{"mcpServers": {"b": {"command": "b"}}}')
  const all = await imported()
  expect(all.of('claude-desktop')).toBe('failed')
  expect(all.code).toBe(1)
})
