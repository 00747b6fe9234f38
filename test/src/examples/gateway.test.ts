import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { startServe } from '../mcp/serve-process.ts'
import { runProcess, temporaryFolder } from '../support/processes.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const example = join(root, 'examples/gateway')
const main = new URL('../../../examples/gateway/src/main.ts', import.meta.url)
const cli = new URL('../../../packages/cli/src/bin.ts', import.meta.url)

vi.setConfig({ testTimeout: 600_000 })

beforeEach(() => {
  vi.stubEnv('LELU_DIRECTORY', '')
  vi.stubEnv('NO_COLOR', '1')
  return () => vi.unstubAllEnvs()
})

/** The example in a folder of its own: the same servers, policies and commands. */
function world() {
  const folder = temporaryFolder()
  for (const part of ['lelu-mcp.json', 'policies']) {
    cpSync(join(example, part), join(folder, part), { recursive: true })
  }
  symlinkSync(join(example, 'node_modules'), join(folder, 'node_modules'))
  const config = join(folder, 'lelu-mcp.json')
  const lelu = join(folder, '.run/.lelu')
  const run = async (script: URL, words: string[]) => {
    const ended = await runProcess(script, words)
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    return ended.stdout
  }
  return {
    config,
    lelu,
    run: join(folder, '.run'),
    agent: (...words: string[]) => run(main, [...words, '--config', config]),
    approve: (id: string) => run(cli, ['approvals', 'approve', id, '--directory', lelu, '--yes']),
    files: () => {
      const files = join(folder, '.run/files')
      return existsSync(files) ? readdirSync(files) : []
    },
  }
}

const idIn = (output: string) => /apr_[\w-]+/.exec(output)?.[0] ?? ''

test('the README shows what its commands print', () => {
  const readme = readFileSync(join(example, 'README.md'), 'utf8')
  const transcript = /```\n(\$ [\s\S]*?)\n```/.exec(readme)?.[1] ?? ''
  const { config, run } = world()
  const node = `'${process.execPath}' --conditions=lelu:source`
  const functions = `agent() { ${node} ${fileURLToPath(main)} "$@" --config '${config}'; }
    lelu() { ${node} ${fileURLToPath(cli)} "$@"; }`
  const own = 'examples/gateway/.run'
  const ids = new Map<string, string>()
  const parts = transcript.split(/^(?=\$ )/m)
  expect(parts.length).toBeGreaterThan(8)
  for (const part of parts) {
    const [command = '', ...lines] = part.trim().slice(2).split('\n')
    const typed = command
      .replaceAll(own, run)
      .replace(/apr_[\w-]+/, (shown) => ids.get(shown) ?? shown)
    const output = execFileSync('sh', ['-c', `${functions}\n${typed}`], { encoding: 'utf8' })
    const shownId = idIn(lines.join('\n'))
    if (shownId !== '' && !ids.has(shownId)) ids.set(shownId, idIn(output))
    let printed = output.replaceAll(run, own)
    for (const [shown, real] of ids) printed = printed.replaceAll(real, shown)
    // The digest is another one: the folder is part of the input.
    const alike = (text: string) =>
      text.replace(/ran at [\dTZ:.-]+;/, 'ran at …;').replace(/digest [\w-]{43}/, 'digest …')
    expect(alike(printed).trim(), command).toBe(alike(lines.join('\n')).trim())
  }
})

test('one gateway for several clients: the approval of one call lets no other one run', async () => {
  const { config, lelu, agent, approve, files } = world()
  await agent('show') // makes the folder that the filesystem server needs
  const { url } = await startServe(['--directory', lelu, 'serve', '--config', config])
  const first = await agent('write', 'a.txt', 'one', '--url', url)
  await approve(idIn(first))
  expect(await agent('write', 'a.txt', 'two', '--url', url)).toContain('It has not run.')
  expect(await agent('write', 'b.txt', 'one', '--url', url)).toContain('It has not run.')
  expect(files()).toEqual([])
  expect(await agent('write', 'a.txt', 'one', '--url', url)).toContain('Successfully wrote')
  expect(await agent('show')).toBe('a.txt: one\n')
})

test('what an agent is not shown it cannot call by its name either', async () => {
  const { config, lelu, agent } = world()
  await agent('show')
  const { url } = await startServe(['--directory', lelu, 'serve', '--config', config])
  const client = new Client({ name: 'curious', version: '1.0.0' })
  onTestFinished(() => client.close())
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  const names = (await client.listTools()).tools.map(({ name }) => name)
  expect(names).toContain('everything__echo')
  expect(names).not.toContain('everything__get-env')
  await expect(client.callTool({ name: 'everything__get-env', arguments: {} })).rejects.toThrow(
    'LELU_MCP_TOOL_UNKNOWN',
  )
})
