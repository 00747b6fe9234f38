import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { computer } from './support.ts'

const bin = fileURLToPath(new URL('../../src/bin.ts', import.meta.url))

test('without a command the help is shown, with exit code 2 as for `lelu`', async () => {
  const { code, stdout, stderr } = await computer().run()
  expect(stderr).toContain('Usage: lelu-mcp')
  for (const command of ['add', 'remove', 'list', 'doctor', 'import']) {
    expect(stderr).toMatch(new RegExp(`\\n {2}${command} `))
  }
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})

test('misuse names the help of this command', async () => {
  const { code, stderr } = await computer().run('ad')
  expect(stderr).toMatch(/Unknown command 'ad'.*\n.*Did you mean add\? `lelu-mcp --help`/)
  expect(code).toBe(2)
})

test('half of a flag is answered with the clients that it begins', async () => {
  const pc = computer()
  for (const command of ['add', 'import', 'remove']) {
    const { code, stderr } = await pc.run(command, '--claude')
    expect(stderr).toContain("Unknown option '--claude'.")
    expect(stderr).toContain(
      'Did you mean --claude-code (Claude Code) or --claude-desktop (Claude Desktop)?',
    )
    expect(code).toBe(2)
  }
  expect((await pc.run('add', '--copilot')).stderr).toContain('--copilot-cli (GitHub Copilot CLI)?')
  expect((await pc.run('add', '--help')).stdout).not.toMatch(/--claude /)
})

test('the help of add says which file the entry goes into', async () => {
  const { stdout } = await computer().run('add', '--help')
  const text = stdout.replaceAll(/\s+/g, ' ')
  expect(text).toMatch(
    /that of this folder where it looks like a project .* else that of this user/,
  )
})

test('the README names every command, and no other', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const { stdout } = await computer().run('--help')
  const commands = [...stdout.matchAll(/^ {2}(?!help)(\w+) \[options\]/gm)].map(([, name]) => name)
  const rows = readme.split('\n').filter((line) => line.startsWith('| `lelu-mcp'))
  const cells = rows.map((row) => row.split('|')[1] ?? '').join()
  const named = [...cells.matchAll(/`(?:lelu-mcp )?(\w+)`/g)].map(([, name]) => name)
  expect(named.sort()).toEqual(commands.sort())
})

test('the version is that of the package', async () => {
  const manifest = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
  expect((await computer().run('--version')).stdout).toBe(`${version}\n`)
})

test('help loads neither the engine, nor an SDK, nor the other command', () => {
  const watch = `import { registerHooks } from 'node:module'
    registerHooks({ resolve(name, context, next) {
      const found = next(name, context)
      if (/packages\\/(engine|audit|rego)\\/|modelcontextprotocol|fastmcp|cli\\/src\\/program|jsonc|yaml|toml/.test(found.url))
        console.error('loaded', found.url)
      return found
    } })`
  const node = [
    '--conditions=lelu:source',
    `--import=data:text/javascript,${encodeURIComponent(watch)}`,
  ]
  const run = (...argv: string[]) => {
    const env = { PATH: process.env.PATH, HOME: computer().home }
    return spawnSync(process.execPath, [...node, bin, ...argv], {
      encoding: 'utf8',
      env,
      cwd: env.HOME,
    })
  }
  const help = run('--help')
  expect(help).toMatchObject({ status: 0, stderr: '' })
  expect(help.stdout).toContain('Usage: lelu-mcp')
  expect(run('list').stderr).toContain('loaded') // the watch works
})
