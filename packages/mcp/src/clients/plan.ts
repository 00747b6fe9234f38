import { existsSync } from 'node:fs'
import { LeluMcpError } from '../errors.ts'
import { type Client, candidates, type Place, type Scope } from './client.ts'
import {
  at,
  type Change,
  changeText,
  type Data,
  type Format,
  isObject,
  own,
} from './documents/format.ts'
import { json } from './documents/json.ts'
import { toml } from './documents/toml.ts'
import { yaml } from './documents/yaml.ts'
import { entryFor, type Wanted } from './entry.ts'
import { type ConfigFile, readConfig } from './files/read-config.ts'
import { assertReplaceable, mergeEntry } from './merge.ts'

const formats: Record<Client['format'], Format> = { json, toml, yaml }

/** A client's file of one scope, read and understood. */
export type Opened = {
  client: Client
  scope: Scope
  file: ConfigFile
  data: Data
  container: readonly string[]
  /** Its servers by name; undefined: it has no place for them yet. */
  servers: Data | undefined
}

/** What would become of the file. `text` null: it is as it should be. */
export type Plan = Opened & {
  result: 'added' | 'changed' | 'unchanged' | 'removed' | 'absent'
  text: string | null
  /** What the file says then, and by which changes. */
  after: Data
  changes: readonly Change[]
  notes: string[]
}

/** The file that counts: the first that is there, else the first. */
export function fileOf(client: Client, scope: Scope, place: Place): string | undefined {
  const files = candidates(client, scope, place)
  return files.find((file) => existsSync(file)) ?? files[0]
}

/** Opens a client's file. Throws for one that does not parse or has something else where servers should be. */
export async function openClient(client: Client, scope: Scope, place: Place): Promise<Opened> {
  const path = fileOf(client, scope, place)
  if (path === undefined) throw noSuchScope(client, scope)
  const file = await readConfig(path, scope === 'project')
  const data = formats[client.format].parse(file.text, path)
  const container = client.container(data)
  return { client, scope, file, data, container, servers: serversOf(data, container, path) }
}

export function noSuchScope(client: Client, scope: Scope): LeluMcpError {
  const [what, other] =
    scope === 'project' ? ['of a project', '--global'] : ['of its user', '--project']
  return new LeluMcpError(
    'LELU_MCP_CLIENT_UNSUPPORTED',
    `${client.title} has no file ${what} for MCP servers.`,
    { help: `Use ${other}.`, details: { client: client.id, scope } },
  )
}

function serversOf(data: Data, container: readonly string[], path: string): Data | undefined {
  const key = container.join('.')
  for (const depth of container.keys()) {
    const part = at(data, container.slice(0, depth + 1))
    if (part === undefined) {
      if (depth === 0 && isBareMap(data)) throw misshapen(path, `its servers are not under ${key}`)
      return undefined
    }
    if (part === null && path.endsWith('.yaml')) return undefined // `extensions:` with nothing in it yet
    if (!isObject(part)) throw misshapen(path, `${key} is ${kindOf(part)}, not an object`)
  }
  return at(data, container) as Data
}

/** Servers without the key around them: with the key added, the client would not see the others any more. */
function isBareMap(data: Data): boolean {
  const values = Object.values(data)
  const isServer = (value: unknown) =>
    isObject(value) && ['command', 'url'].some((key) => typeof own(value, key) === 'string')
  return values.length > 0 && values.every(isServer)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}

export function misshapen(path: string, what: string): LeluMcpError {
  return new LeluMcpError('LELU_MCP_CONFIG_MISSHAPEN', `In ${path} ${what}. It was not touched.`, {
    help: "Correct the file as the client's documentation says, then run the command again.",
    details: { path },
  })
}

/** `.mcp.json` of a project: Claude Code and Copilot CLI both read it. */
export function isShared({ client, scope, file }: Opened): boolean {
  const [first = ''] = client.files.project ?? []
  return scope === 'project' && first === '.mcp.json' && file.path.endsWith('/.mcp.json')
}

/** What `add` does to a file. */
export function planAdd(opened: Opened, name: string, wanted: Wanted, replace: boolean): Plan {
  const { client, scope, container } = opened
  const { shape, beside } = entryFor(client, wanted, { name, scope })
  const existing = entryOf(opened, name)
  assertReplaceable(existing, wanted, { path: opened.file.path, name }, replace)
  const { changes, notes } = mergeEntry(existing, shape, wanted, [...container, name])
  if (beside.length > 0)
    notes.push('sessions of the Copilot harness are not given what asks for a value')
  const all = [...beside.flatMap((change) => ask(opened, change)), ...changes]
  if (all.length === 0)
    return { ...opened, result: 'unchanged', text: null, after: opened.data, changes: [], notes }
  const result = existing === undefined ? 'added' : 'changed'
  return { ...opened, result, ...rewrite(opened, all), notes }
}

/** The entry alone, as a file of its own would have it. */
export function snippetOf(client: Client, name: string, wanted: Wanted, scope: Scope): string {
  const { shape, beside } = entryFor(client, wanted, { name, scope })
  const entry = {
    at: [...client.container({}), name],
    value: { ...shape.required, ...shape.defaults },
  }
  const lists = beside.map(({ at: path, value }) => ({ at: path, value: [value] }))
  return changeText(formats[client.format], '', [...lists, entry], client.title)
}

/** What `remove` does to a file. */
export function planRemove(opened: Opened, name: string): Plan {
  if (opened.servers === undefined || !Object.hasOwn(opened.servers, name)) {
    return { ...opened, result: 'absent', text: null, after: opened.data, changes: [], notes: [] }
  }
  const change = { at: [...opened.container, name], value: undefined }
  return { ...opened, result: 'removed', ...rewrite(opened, [change]), notes: [] }
}

/** An opened file after changes: its text, and what that says. */
export function rewrite(
  { client, file }: Opened,
  changes: readonly Change[],
): { text: string; after: Data; changes: readonly Change[] } {
  const format = formats[client.format]
  const text = changeText(format, file.text, changes, file.path)
  return { text, after: format.parse(text, file.path), changes }
}

function entryOf({ servers, file }: Opened, name: string): Data | undefined {
  const entry = own(servers ?? {}, name)
  if (entry === undefined || isObject(entry)) return entry
  throw misshapen(file.path, `the server ${name} is ${kindOf(entry)}, not an object`)
}

/** VS Code's list of what it asks for. A question of that name may be another server's too, so `remove` leaves it. */
function ask({ data, file }: Opened, { at: path, value }: Change): Change[] {
  const list = at(data, path)
  if (list === undefined) return [{ at: path, value: [value] }]
  if (!Array.isArray(list)) throw misshapen(file.path, `${path.join('.')} is not a list`)
  const id = isObject(value) ? own(value, 'id') : undefined
  const there = list.some((one) => isObject(one) && own(one, 'id') === id)
  return there ? [] : [{ at: path, value, append: true }]
}
