import { LeluMcpError } from '../errors.ts'
import type { Client } from './client.ts'
import { type Data, define, isObject, own } from './documents/format.ts'
import { readEntry, type Server } from './entry.ts'
import type { Opened } from './plan.ts'
import { toDollar } from './references.ts'

/** A client's servers, in the words of the gateway's `mcpServers`, and those that stay where they are. */
export type Movable = { servers: Map<string, Data>; left: string[] }

/**
 * Reads what can be moved behind the gateway. Servers that are turned off stay. Throws for one that would not be the
 * same there.
 */
export function movable(opened: Opened, ownName: string): Movable {
  const { client, file } = opened
  const servers = new Map<string, Data>()
  const left: string[] = []
  for (const [name, entry] of Object.entries(opened.servers ?? {})) {
    if (name === ownName) continue
    if (isObject(entry) && (own(entry, 'disabled') === true || own(entry, 'enabled') === false)) {
      left.push(name)
      continue
    }
    const server = readEntry(entry)
    if ('problem' in server) throw notMovable(file.path, name, server.problem)
    if (name === '__proto__')
      throw notMovable(file.path, name, 'its name is a word of the language')
    servers.set(
      name,
      translated(client, server, (why) => notMovable(file.path, name, why)),
    )
  }
  return { servers, left }
}

/** With references as the gateway reads them, `${NAME}`. */
function translated(client: Client, server: Server, refuse: (why: string) => LeluMcpError): Data {
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const text = toDollar(value, client.reads)
      if (text !== null) return text
      throw refuse(`${client.title} asks for a value of it, which the gateway cannot`)
    }
    if (Array.isArray(value)) return value.map(visit)
    if (!isObject(value)) return value
    const copy: Data = {}
    for (const [key, member] of Object.entries(value)) define(copy, key, visit(member))
    return copy
  }
  return visit(gatewayEntry(server)) as Data
}

function gatewayEntry(server: Server): Data {
  if (server.kind === 'stdio') {
    const { command, args, env, cwd } = server
    return {
      command,
      args,
      ...(Object.keys(env).length > 0 && { env }),
      ...(cwd !== undefined && { cwd }),
    }
  }
  const { url, sse, tokenEnv } = server
  const token = tokenEnv === undefined ? {} : { Authorization: `Bearer \${${tokenEnv}}` }
  const headers = { ...server.headers, ...token }
  return {
    ...(sse && { type: 'sse' }),
    url,
    ...(Object.keys(headers).length > 0 && { headers }),
  }
}

function notMovable(path: string, name: string, why: string): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_CLIENT_UNSUPPORTED',
    `The server ${name} of ${path} cannot be moved: ${why}. Nothing was changed.`,
    {
      help: 'Correct its entry, or turn it off, then run the command again.',
      details: { path, name },
    },
  )
}
