import { readFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { type ParseError, parse, printParseErrorCode, visit } from 'jsonc-parser'
import { shellWord } from '../shell-word.ts'
import { configInvalid, type Members, membersOf } from './config-members.ts'
import { readSettings, type Settings } from './settings.ts'

/** A server that is a process of ours, spoken to over its standard streams. */
export type StdioServer = {
  kind: 'stdio'
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  /** Absolute. */
  cwd: string
}

/** A server at an address. `transport` undefined: Streamable HTTP, and HTTP+SSE where the server knows no other. */
export type HttpServer = {
  kind: 'http'
  url: string
  headers: Readonly<Record<string, string>>
  transport: 'http' | 'sse' | undefined
}

/** One upstream server: a process of ours, or an address. */
export type ServerEntry = StdioServer | HttpServer

/** A gateway's configuration: the upstream servers by name, and the `lelu` block. */
export type GatewayConfig = {
  servers: Map<string, ServerEntry>
  settings: Settings
  /** What a person types, beside the configuration, to accept a server, or `server/tool`, as it is now. */
  acceptCommand(name: string): string
}

/** What `accept` reads when it is told no other. */
const defaultConfig = 'lelu-mcp.json'

type Environment = Readonly<Record<string, string | undefined>>

/** Types of transport as clients write them. */
const transports: Readonly<Record<string, HttpServer['transport']>> = {
  http: 'http',
  'streamable-http': 'http',
  streamableHttp: 'http',
  streamable_http: 'http',
  sse: 'sse',
}

const hasControl = (text: string) => /\p{Cc}/u.test(text)

/** Reads `lelu-mcp.json`. Throws `LELU_MCP_CONFIG_INVALID` that names the place. */
export async function readGatewayConfig(path: string, env: Environment): Promise<GatewayConfig> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw configInvalid(path, '', 'cannot be read', 'Name the file with --config.', error)
  }
  return parseGatewayConfig(text, { path, env })
}

/** Reads a configuration from JSON with comments, and with a byte order mark. Relative paths are relative to the file. */
export function parseGatewayConfig(
  written: string,
  { path, env }: { path: string; env: Environment },
): GatewayConfig {
  const text = written.replace(/^\uFEFF/, '')
  const errors: ParseError[] = []
  const value: unknown = parse(text, errors, { allowTrailingComma: true })
  const [error] = errors
  if (error !== undefined) {
    const before = text.slice(0, error.offset).split('\n')
    const place = `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
    const why = `is not JSON: ${printParseErrorCode(error.error)} at ${place}`
    throw configInvalid(path, '', why, 'Correct it; comments and trailing commas are fine.')
  }
  assertClearKeys(text, path)
  // Clients keep settings of their own beside these; without them the gateway is no weaker.
  const file = membersOf(value, { path, at: '', env })
  const servers = file.object('mcpServers')
  const directory = dirname(resolve(path))
  const entries = servers.names().flatMap((name): [string, ServerEntry][] => {
    if (name === '' || name.length > 200 || hasControl(name)) {
      throw configInvalid(path, 'mcpServers', 'has a server without a usable name', 'Name it.')
    }
    const entry = servers.object(name)
    if (entry.flag('disabled') === true || entry.flag('enabled') === false) return []
    return [[name, readServer(entry, directory)]]
  })
  if (entries.length === 0) {
    const help = 'Add one, such as "files": { "command": "npx", "args": ["-y", "…"] }.'
    throw configInvalid(path, 'mcpServers', 'has no server that is enabled', help)
  }
  // A server that is turned off for a while keeps what is said of it.
  const known = { names: servers.names(), enabled: entries.length }
  return {
    servers: new Map(entries),
    settings: readSettings(file.object('lelu', {}), known, directory),
    acceptCommand: acceptCommand(path),
  }
}

/** In the folder of the configuration: where that is, is not the business of the model, which reads this too. */
function acceptCommand(path: string): GatewayConfig['acceptCommand'] {
  const file = basename(path)
  const named = file === defaultConfig ? '' : ` --config ${shellWord(file)}`
  return (name) => `lelu-mcp accept ${shellWord(name)}${named}`
}

function readServer(entry: Members, directory: string): ServerEntry {
  const type = entry.text('type')
  const url = entry.text('url') ?? entry.text('serverUrl')
  if (url === undefined) {
    const command = entry.text('command')
    if (command === undefined || (type !== undefined && type !== 'stdio')) {
      throw entry.fail('needs a `command`, or a `url`', 'Give one of the two.')
    }
    const cwd = resolve(directory, entry.text('cwd') ?? '.')
    return {
      kind: 'stdio',
      command,
      args: entry.texts('args') ?? [],
      env: entry.record('env'),
      cwd,
    }
  }
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw entry.fail('has a `url` that is none of http or https', 'Correct it.')
  }
  if (type !== undefined && !Object.hasOwn(transports, type)) {
    throw entry.fail(`has the type \`${type}\`, which a url cannot have`, 'Use http or sse.')
  }
  const transport = type === undefined ? undefined : transports[type]
  return { kind: 'http', url, headers: entry.record('headers'), transport }
}

/** A key that stands twice says two things, and `__proto__` says something to the parser. */
function assertClearKeys(text: string, path: string): void {
  const open: Set<string>[] = []
  visit(text, {
    onObjectBegin: () => {
      open.push(new Set())
    },
    onObjectProperty: (key, _offset, _length, line) => {
      const keys = open.at(-1)
      if (key === '__proto__' || keys?.has(key) === true) {
        const why = `has the key \`${key}\` ${key === '__proto__' ? '' : 'twice '}at line ${line + 1}`
        throw configInvalid(path, '', why, 'Take it out.')
      }
      keys?.add(key)
    },
    onObjectEnd: () => {
      open.pop()
    },
  })
}
