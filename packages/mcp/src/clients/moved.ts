import { dirname, resolve } from 'node:path'
import { LeluMcpError } from '../errors.ts'
import type { Place } from './client.ts'
import { type Data, define, isObject, own } from './documents/format.ts'
import { ownMember, readEntry, type Server } from './entry.ts'
import { readAsGateway } from './gateway-check.ts'
import type { Opened } from './plan.ts'
import { translate, type Untranslatable, type Words, wordsOf } from './translate.ts'

/** A server that stays where it is, and where in it the reason is. */
export type Kept = { name: string; member: string | null; text: string | null; why: string }

/** A client's servers, in the words of the gateway's `mcpServers`, and those that stay where they are. */
export type Movable = {
  servers: Map<string, Data>
  /** Turned off. */
  left: string[]
  /** Would not be the same there. */
  kept: Kept[]
  /** Variables whose value of today is in the servers now. */
  filled: string[]
}

/** Reads what can be moved behind the gateway whose configuration is at `gateway`. */
export function movable(
  { client, scope, servers: all }: Opened,
  ownName: string,
  { place, gateway }: { place: Place; gateway: string },
): Movable {
  const servers = new Map<string, Data>()
  const left: string[] = []
  const kept: Kept[] = []
  const filled = new Set<string>()
  for (const [name, entry] of Object.entries(all ?? {})) {
    if (name === ownName) continue
    if (isObject(entry) && (own(entry, 'disabled') === true || own(entry, 'enabled') === false)) {
      left.push(name)
      continue
    }
    const server = readEntry(entry)
    if ('problem' in server) {
      kept.push({ name, member: null, text: null, why: server.problem })
      continue
    }
    const member = isObject(entry) ? ownMember(entry) : undefined
    if (member !== undefined) {
      kept.push({ name, member, text: null, why: `the gateway has nothing for it` })
      continue
    }
    const here = scope === 'project' ? inFolder(server, place.cwd, gateway) : server
    const moved = translated(here, wordsOf(client, server.kind, scope, place))
    const kind = 'why' in moved ? moved : refused(name, gatewayEntry(moved.server), gateway, place)
    if (kind !== null) {
      kept.push({ name, ...kind })
    } else if ('server' in moved) {
      servers.set(name, gatewayEntry(moved.server))
      for (const variable of moved.filled) filled.add(variable)
    }
  }
  return { servers, left, kept, filled: [...filled] }
}

/**
 * A server of a project runs in the folder of the project. The gateway runs it in that of its own file, so where that is
 * another one it has to be said.
 */
function inFolder(server: Server, project: string, gateway: string): Server {
  if (server.kind !== 'stdio' || dirname(gateway) === resolve(project)) return server
  const { cwd = '.' } = server
  // What a reference leads to is not known; most are whole paths.
  return cwd.includes('{') ? server : { ...server, cwd: resolve(project, cwd) }
}

/** With references as the gateway reads them, or the first part that it cannot have. */
function translated(
  server: Server,
  words: Words,
): { server: Server; filled: string[] } | Omit<Kept, 'name'> {
  const filled: string[] = []
  const problems: (Untranslatable & { member: string })[] = []
  const say = (text: string, member: string): string => {
    const found = translate(text, words)
    if ('why' in found) {
      problems.push({ ...found, member })
      return text
    }
    filled.push(...found.filled)
    return found.text
  }
  const sayAll = (texts: Record<string, string>, member: string) =>
    Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, say(text, `${member}.${key}`)]),
    )
  const said: Server =
    server.kind === 'http'
      ? { ...server, url: say(server.url, 'url'), headers: sayAll(server.headers, 'headers') }
      : {
          ...server,
          command: say(server.command, 'command'),
          args: server.args.map((text, index) => say(text, `args[${index}]`)),
          env: sayAll(server.env, 'env'),
          ...(server.cwd !== undefined && { cwd: say(server.cwd, 'cwd') }),
        }
  const [problem] = problems
  if (problem === undefined) return { server: said, filled }
  return { member: problem.member, text: problem.part, why: problem.why }
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

/** What the gateway's own reader says against a server, were it the only one. */
function refused(name: string, entry: Data, path: string, place: Place): Omit<Kept, 'name'> | null {
  const servers: Data = {}
  define(servers, name, entry)
  const data = { mcpServers: servers }
  try {
    readAsGateway({ path, text: JSON.stringify(data), data }, place)
    return null
  } catch (error) {
    if (!(error instanceof LeluMcpError)) throw error
    const at = String(error.details.at)
    const inside = `mcpServers.${name}.`
    const why = error.message
      .replace(/\.$/, '')
      .replace(`${at === '' ? path : `\`${at}\` of ${path}`} `, '')
    return {
      member: at.startsWith(inside) ? at.slice(inside.length) : null,
      text: null,
      why: `the gateway says that it ${why}`,
    }
  }
}
