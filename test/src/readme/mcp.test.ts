import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseGatewayConfig } from '@lelu/mcp'
import { beforeEach, expect, test, vi } from 'vitest'
import { parsePrincipals } from '../../../packages/mcp/src/auth/token-file.ts'
import { clients } from '../../../packages/mcp/src/clients/table.ts'
import { createProgram } from '../../../packages/mcp/src/program.ts'
import { runProcess, startProcess, temporaryFolder } from '../support/processes.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const page = readFileSync(join(root, 'docs/mcp.md'), 'utf8')
const command = new URL('../../../packages/mcp/src/bin.ts', import.meta.url)

vi.setConfig({ testTimeout: 300_000 })

beforeEach(() => {
  vi.stubEnv('LELU_DIRECTORY', '')
  vi.stubEnv('NO_COLOR', '1')
  return () => vi.unstubAllEnvs()
})

const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\``, 'g'))].map(
    ([, text = '']) => text,
  )

test('docs/mcp.md shows what `serve` and `add` print', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.git'))
  vi.stubEnv('HOME', join(folder, 'home'))
  const [serving = '', adding = ''] = blocks('console')

  const server = startProcess(command, ['serve', '--port', '0'], folder)
  let printed = ''
  await new Promise<void>((resolve, reject) => {
    server.stdout?.on('data', (data) => {
      printed += data
      if (printed.includes('Ctrl-C')) resolve()
    })
    server.once('exit', (code) => reject(new Error(`serve ended with ${code}`)))
  })
  const [, port = ''] = /127\.0\.0\.1:(\d+)/.exec(printed) ?? []
  const asUsual = printed
    .replace(` --url http://127.0.0.1:${port}/mcp`, '')
    .replaceAll(`:${port}/`, ':3003/')
  expect(`$ npx @lelu/mcp serve\n${asUsual}`.trim()).toBe(serving)

  const words = ['add', '--cursor', '--claude-code', '--url', `http://127.0.0.1:${port}/mcp`]
  const added = await runProcess(command, words, folder)
  expect(`$ npx @lelu/mcp add --cursor --claude-code\n${added.stdout}`.trim()).toBe(adding)
})

test('the configurations it shows are read as they stand', () => {
  const [gateway = '', principals = ''] = blocks('json')
  const { servers, settings } = parseGatewayConfig(gateway, {
    path: '/project/lelu-mcp.json',
    env: { GITHUB_TOKEN: 'secret' },
  })
  expect([...servers.keys()]).toEqual(['files', 'github'])
  expect(settings).toMatchObject({ policies: '/project/policies', trusted: ['files'] })
  expect(parsePrincipals(principals, 'principals.json').size).toBe(1)
})

test('the table of the `lelu` block names every key', () => {
  const { settings } = parseGatewayConfig('{"mcpServers":{"a":{"command":"a"}}}', {
    path: '/lelu-mcp.json',
    env: {},
  })
  const rows = [...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, key]) => key)
  for (const key of Object.keys(settings)) expect(rows).toContain(key)
})

test('its commands and their options are there, and so are as many clients as it says', () => {
  const { program } = createProgram({ env: {} } as never, root)
  const lines = [...page.matchAll(/npx @lelu\/mcp (\w+)((?: +--[\w-]+)*)/g)]
  expect(lines.length).toBeGreaterThan(6)
  for (const [, name, flags = ''] of lines) {
    const found = program.commands.find((one) => one.name() === name)
    expect([name, found?.name()]).toEqual([name, name])
    const known = ['--help', ...(found?.options ?? []).map(({ long }) => long)]
    for (const flag of flags.trim().split(/ +/).filter(Boolean)) expect(known).toContain(flag)
  }
  expect(page).toContain(`know ${clients.length} clients`)
})

test('the example it quotes is quoted as it prints', () => {
  const readme = readFileSync(join(root, 'examples/gateway/README.md'), 'utf8')
  const [quoted = ''] = /```\n(\$ agent[\s\S]*?)\n```/.exec(page)?.slice(1) ?? []
  for (const part of quoted.split(/^(?=\$ )/m)) expect(readme).toContain(part.trim())
})
