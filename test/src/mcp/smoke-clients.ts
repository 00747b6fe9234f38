// `pnpm mcp:smoke`: writes our entry with `lelu-mcp add` and asks the real clients whether they see it. Off by default:
// it installs them from npm (about 700 MB), each in a throw-away HOME. `--bin <folder>` takes installed ones instead,
// `--client <id>` only some.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'

type Case = {
  client: string
  package: string
  bin: string
  scope: '--global' | '--project'
  /** What its list says of a server that it reaches, or of one that it has. */
  shows: RegExp
  /** Whether the list connects. */
  connects: boolean
}

const cases: readonly Case[] = [
  {
    client: 'claude-code',
    package: '@anthropic-ai/claude-code',
    bin: 'claude',
    scope: '--global',
    shows: /lelu: http:.*Connected/,
    connects: true,
  },
  {
    client: 'claude-code',
    package: '@anthropic-ai/claude-code',
    bin: 'claude',
    scope: '--project',
    shows: /lelu: http:.*Pending approval/,
    connects: false,
  },
  {
    client: 'gemini',
    package: '@google/gemini-cli',
    bin: 'gemini',
    scope: '--global',
    shows: /lelu: http:.*Connected/,
    connects: true,
  },
  {
    client: 'opencode',
    package: 'opencode-ai',
    bin: 'opencode',
    scope: '--global',
    shows: /lelu[\s\S]*connected/,
    connects: true,
  },
  {
    client: 'codex',
    package: '@openai/codex',
    bin: 'codex',
    scope: '--global',
    shows: /lelu\s+http:.*LELU_TOKEN\s+enabled/,
    connects: false,
  },
]

const ours = fileURLToPath(new URL('../../../packages/mcp/src/bin.ts', import.meta.url))
const { values } = parseArgs({
  options: { bin: { type: 'string' }, client: { type: 'string', multiple: true } },
})
const root = mkdtempSync(join(tmpdir(), 'lelu-smoke-'))
const seen: string[] = []
let failed = 0
/** Requests without the token that the entry only names. */
let strangers = 0

type Answer = { code: number; output: string }

function run(command: string, argv: readonly string[], folder: string, env: NodeJS.ProcessEnv) {
  return new Promise<Answer>((resolve) => {
    const options = { cwd: folder, env, timeout: 120_000, maxBuffer: 16 * 1024 * 1024 }
    const child = execFile(command, [...argv], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (child.exitCode ?? 1), output: `${stdout}${stderr}` })
    })
    child.stdin?.end()
  })
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  fetch: (request: Request) => Promise<Response>,
): Promise<void> {
  const { method = 'GET', headers, url = '/' } = request
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const body = method === 'POST' ? Buffer.concat(chunks) : null
  const given = { method, headers: headers as Record<string, string>, body }
  const answered = await fetch(new Request(`http://127.0.0.1${url}`, given))
  response.writeHead(answered.status, Object.fromEntries(answered.headers))
  for await (const chunk of answered.body ?? []) response.write(chunk)
  response.end()
}

/** Both eras, as our own server; it keeps with which revision it was spoken to. */
async function startServer(): Promise<{ url: string; stop(): void }> {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'lelu', version: '0.0.0' })
    server.registerTool('hello', { description: 'hello' }, async () => ({ content: [] }))
    return server
  })
  const server = createServer((request, response) => {
    const revision = request.headers['mcp-protocol-version'] ?? 'no revision yet'
    if (request.headers.authorization !== 'Bearer a-token') strangers += 1
    seen.push(`${request.headers['user-agent'] ?? '?'}: ${revision}`)
    void answer(request, response, handler.fetch)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function binFolder(name: string): Promise<string> {
  if (values.bin !== undefined) return values.bin
  const folder = join(root, 'installed')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private": true}')
  const { code, output } = await run('npm', ['install', '--no-audit', name], folder, process.env)
  if (code !== 0) console.log(output)
  return join(folder, 'node_modules/.bin')
}

async function smoke(one: Case, url: string): Promise<void> {
  const title = `${one.client} ${one.scope}`
  const bin = await binFolder(one.package)
  if (!existsSync(join(bin, one.bin))) {
    console.log(`FAIL ${title}: ${one.package} could not be installed`)
    failed += 1
    return
  }
  const home = mkdtempSync(join(root, 'home-'))
  const project = join(home, 'project')
  mkdirSync(join(project, '.git'), { recursive: true })
  const env = {
    HOME: home,
    PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
    LELU_TOKEN: 'a-token',
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
    DISABLE_AUTOUPDATER: '1',
    OPENCODE_DISABLE_AUTOUPDATE: '1',
  }
  const add = ['add', `--${one.client}`, one.scope, '--url', url, '--token-env', 'LELU_TOKEN']
  const node = ['--conditions=lelu:source', ours, ...add]
  const added = await run(process.execPath, node, project, env)
  seen.length = 0
  strangers = 0
  const listed = await run(join(bin, one.bin), ['mcp', 'list'], project, env)
  const spoken = [...new Set(seen)].join(', ')
  const holds = added.code === 0 && one.shows.test(listed.output)
  const reached = seen.length > 0 && strangers === 0
  const removal = ['--conditions=lelu:source', ours, 'remove', `--${one.client}`, one.scope]
  const removed = await run(process.execPath, removal, project, env)
  const after = await run(join(bin, one.bin), ['mcp', 'list'], project, env)
  const gone = removed.code === 0 && !one.shows.test(after.output)
  const results: [what: string, good: boolean, output: string][] = [
    ['is listed', holds, added.output + listed.output],
    ['is gone after remove', gone, removed.output + after.output],
  ]
  if (one.connects) {
    const output = `${strangers} without, of: ${spoken}`
    results.push(['connects with the token of its environment', reached, output])
  }
  for (const [what, good, output] of results) {
    if (!good) failed += 1
    console.log(`${good ? 'ok  ' : 'FAIL'} ${title} ${what}${good ? '' : `\n${output.trim()}`}`)
  }
  if (spoken !== '') console.log(`     it said: ${spoken}`)
}

const server = await startServer()
try {
  for (const one of cases) {
    if (values.client === undefined || values.client.includes(one.client)) {
      await smoke(one, server.url)
    }
  }
} finally {
  server.stop()
  rmSync(root, { recursive: true, force: true })
}
process.exit(failed === 0 ? 0 : 1)
