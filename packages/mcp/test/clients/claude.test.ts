import { chmodSync, existsSync } from 'node:fs'
import { delimiter } from 'node:path'
import { expect, test } from 'vitest'
import { type Computer, computer } from './support.ts'

// A stand-in for `claude`: it keeps its arguments and changes the file as the real one does, which
// `pnpm mcp:smoke` runs.

const entry = '{"type":"http","url":"http://localhost:3003/mcp"}'

function withClaude(pc: Computer, script: string): Record<string, string> {
  const file = pc.write('~/bin/claude', `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return { PATH: [pc.path('~/bin'), process.env.PATH].join(delimiter) }
}

const keep =
  'for word in "$@"; do printf "%s\\n" "$word"; done >> "$HOME/said"; echo -- >> "$HOME/said"'
const add = ['add', '--claude-code', '--global', '--no-verify']

test("the file of Claude Code's user is left to its own command", async () => {
  const pc = computer()
  pc.write('~/.claude.json', '{"projects": {}}')
  const { code, stdout } = await pc.runWith(withClaude(pc, keep), ...add)
  expect(stdout).toContain('lelu added, in ~/.claude.json (this user)')
  expect(stdout).toContain('next: Start Claude Code again, in any folder; `/mcp` shows `lelu`.')
  expect(stdout).not.toContain('approve')
  expect(code).toBe(0)
  expect(pc.read('~/said')).toBe(`mcp\nadd-json\n-s\nuser\nlelu\n${entry}\n--\n`)
  expect(pc.read('~/.claude.json')).toBe('{"projects": {}}')
})

test('an entry that is there already is not added again; another one is put back when that fails', async () => {
  const pc = computer()
  pc.write('~/.claude.json', `{"mcpServers": {"lelu": ${entry}}}`)
  expect((await pc.runWith(withClaude(pc, keep), ...add)).stdout).toContain('already there')
  const old = '{"type":"http","url":"http://localhost:3003/sse"}'
  pc.write('~/.claude.json', `{"mcpServers": {"lelu": ${old}}}`)
  const failing = `${keep}; case "$6" in *'/mcp"'*) exit 3;; esac`
  const { code, stdout } = await pc.runWith(withClaude(pc, failing), ...add)
  expect(stdout).toContain('LELU_MCP_CLIENT_FAILED: `claude mcp add-json` failed with exit code 3')
  expect(code).toBe(1)
  expect(pc.read('~/said')).toBe(
    [
      'mcp\nremove\n-s\nuser\nlelu\n--\n',
      `mcp\nadd-json\n-s\nuser\nlelu\n${entry}\n--\n`,
      `mcp\nadd-json\n-s\nuser\nlelu\n${old}\n--\n`,
    ].join(''),
  )
})

const nowhere = { PATH: '/nowhere' }

test('where it is not installed, the line to run is told, by a dry run too', async () => {
  const pc = computer()
  for (const more of [[], ['--dry-run']]) {
    const { code, stdout } = await pc.runWith(nowhere, ...add, ...more)
    expect(stdout).toContain(`claude mcp add-json -s user lelu '${entry}'`)
    expect(stdout).toContain('Install it: npm install -g @anthropic-ai/claude-code')
    expect(stdout).toContain('Or use --project.')
    expect(code).toBe(1)
  }
})

test('that line holds no secret, and is one word to a shell', async () => {
  const pc = computer()
  const header = ['--header', 'X-Key: of-ours', '--url', "http://localhost:3003/it's"]
  const { stdout } = await pc.runWith(nowhere, ...add, ...header)
  expect(stdout).toContain(`"url":"http://localhost:3003/it'\\''s"`)
  expect(stdout).toContain('"X-Key":"‹hidden›"')
  expect(stdout).not.toContain('of-ours')
})

test('without it, and outside of a project, the entry goes into the file of the folder', async () => {
  const pc = computer('no project')
  const words = ['add', '--claude-code', '--no-verify']
  const dry = await pc.runWith(nowhere, ...words, '--dry-run')
  expect(dry.stdout).toContain('lelu would be added, in .mcp.json (this project)')
  expect(dry.code).toBe(0)
  expect(existsSync(pc.path('.mcp.json'))).toBe(false)
  const { code, stdout } = await pc.runWith(nowhere, ...words)
  expect(stdout).toContain('lelu added, in .mcp.json (this project)')
  expect(stdout).toContain('note: `claude` is not on the PATH to add it for the user')
  expect(stdout).toContain('next: Start Claude Code in this folder and approve `lelu`')
  expect(code).toBe(0)
  expect(JSON.parse(pc.read('.mcp.json')).mcpServers.lelu).toEqual(JSON.parse(entry))
  expect(existsSync(pc.path('~/.claude.json'))).toBe(false)
})

test('what is there already needs no command', async () => {
  const pc = computer('no project')
  pc.write('~/.claude.json', `{"mcpServers": {"lelu": ${entry}}}`)
  for (const scope of [[], ['--global']]) {
    const { code, stdout } = await pc.runWith(nowhere, 'add', '--claude-code', ...scope)
    expect(stdout).toContain('already there, in ~/.claude.json')
    expect(code).toBe(0)
  }
  expect(existsSync(pc.path('.mcp.json'))).toBe(false)
})

test('remove asks it too, and a dry run says when it is not there', async () => {
  const pc = computer()
  pc.write('~/.claude.json', `{"mcpServers": {"lelu": ${entry}}}`)
  const remove = ['remove', '--claude-code', '--global']
  expect((await pc.runWith(withClaude(pc, keep), ...remove)).code).toBe(0)
  expect(pc.read('~/said')).toBe('mcp\nremove\n-s\nuser\nlelu\n--\n')
  for (const more of [[], ['--dry-run']]) {
    const { code, stdout } = await pc.runWith(nowhere, ...remove, ...more)
    expect(stdout).toContain('this yourself where it is: claude mcp remove -s user lelu')
    expect(code).toBe(1)
  }
})

test('import does not take servers out of a file that Claude Code writes itself', async () => {
  const pc = computer()
  const web = '{"type": "http", "url": "http://x/"}'
  const importing = ['import', '--claude-code', '--global']
  const none = await pc.runWith(nowhere, ...importing)
  expect(none.stdout).toContain('no servers to move in ~/.claude.json')
  expect(none.code).toBe(0)
  const text = `{"mcpServers": {"lelu": ${entry}, "web": ${web}}}`
  const file = pc.write('~/.claude.json', text)
  const { code, stdout } = await pc.runWith(withClaude(pc, keep), ...importing)
  expect(stdout).toContain(`Claude Code itself writes ${file}`)
  expect(stdout).toContain('moved out of it: web.')
  expect(stdout).toContain('claude mcp remove -s user <name>')
  expect(stdout).not.toContain('has no file')
  expect(code).toBe(1)
  expect(pc.read('~/.claude.json')).toBe(text)
  expect(existsSync(pc.path('lelu-mcp.json'))).toBe(false)
})
