import { chmodSync } from 'node:fs'
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

test('where it is not installed, the line to run is told', async () => {
  const pc = computer()
  const { code, stdout } = await pc.runWith({ PATH: '/nowhere' }, ...add)
  expect(stdout).toContain(`claude mcp add-json -s user lelu '${entry}'`)
  expect(code).toBe(1)
})

test('remove asks it too, and import refuses', async () => {
  const pc = computer()
  pc.write(
    '~/.claude.json',
    `{"mcpServers": {"lelu": ${entry}, "web": {"type": "http", "url": "http://x/"}}}`,
  )
  const env = withClaude(pc, keep)
  expect((await pc.runWith(env, 'remove', '--claude-code', '--global')).code).toBe(0)
  expect(pc.read('~/said')).toBe('mcp\nremove\n-s\nuser\nlelu\n--\n')
  expect((await pc.runWith(env, 'import', '--claude-code', '--global')).code).toBe(1)
})
