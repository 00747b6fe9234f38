import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { writeJson } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import { LeluMcpError } from '../../errors.ts'
import type { Client } from '../client.ts'
import { at, type Change, changeText, type Data, isObject, own } from '../documents/format.ts'
import { json } from '../documents/json.ts'
import { type ConfigFile, readConfig } from '../files/read-config.ts'
import { writeConfig } from '../files/write-config.ts'
import { movable } from '../moved.ts'
import { misshapen, noSuchScope, openClient, type Plan, planAdd, rewrite } from '../plan.ts'
import { type ScopeOptions, scopeOf } from '../scope.ts'
import { secretsOf } from '../secrets.ts'
import { type ClientOptions, checkName, failureOf, placeOf, selectClients } from './common.ts'
import { diffOf } from './diff-of.ts'
import { importLines } from './import-lines.ts'
import type { Imported } from './results.ts'
import { wantedOf } from './wanted.ts'

type ImportOptions = ClientOptions &
  ScopeOptions & { name: string; config: string; url: string; stdio?: boolean; dryRun?: boolean }

/** Moves servers of clients behind the gateway. Exit code 1 when one of them failed. */
export async function importServers(
  context: CommandContext,
  options: ImportOptions,
): Promise<void> {
  const place = placeOf(context)
  const chosen = selectClients(options, place)
  const name = checkName(options.name)
  const gateway = resolve(place.cwd, options.config)
  const results: Imported[] = []
  for (const client of chosen) {
    try {
      results.push(await importOne(context, client, options, name, gateway))
    } catch (error) {
      const { id, title } = client
      const nothing = { scope: null, file: null, moved: [], left: [], backup: null, gateway }
      results.push({ client: id, title, result: 'failed', error: failureOf(error), ...nothing })
    }
  }
  const dryRun = options.dryRun === true
  if (context.globals().json) writeJson(context.io, { name, dryRun, clients: results })
  else context.io.write(importLines(results, { name, place, io: context.io, dryRun }))
  if (results.some(({ result }) => result === 'failed')) context.setExitCode(1)
}

async function importOne(
  context: CommandContext,
  client: Client,
  options: ImportOptions,
  name: string,
  gateway: string,
): Promise<Imported> {
  const place = placeOf(context)
  const scope = scopeOf(client, options, place)
  if (client.globalCommand !== undefined && scope === 'global') throw noSuchScope(client, scope)
  const opened = await openClient(client, scope, place)
  const { servers, left } = movable(opened, name)
  const { id, title } = client
  const moved = [...servers.keys()]
  const file = opened.file.path
  const imported: Imported = {
    client: id,
    title,
    scope,
    file,
    gateway,
    result: 'imported',
    moved,
    left,
    backup: null,
  }
  if (moved.length === 0) return { ...imported, result: 'nothing' }
  const config = options.stdio === true ? { config: options.config } : {}
  const wanted = wantedOf({ url: options.url, ...config, stdio: options.stdio === true }, context)
  const behind = await planGateway(gateway, servers)
  const added = planAdd(opened, name, wanted, false)
  const removals = moved.map((server) => ({ at: [...opened.container, server], value: undefined }))
  const plan = { ...opened, ...rewrite(opened, [...added.changes, ...removals]) }
  if (options.dryRun === true) {
    return { ...imported, diffs: [diffOf(behind, place), diffOf(plan, place)] }
  }
  // The gateway first: between the two, the servers are in both places, never in none.
  if (behind.text !== null) {
    const secret = secretsOf(behind.after).length > 0
    const mode = secret ? behind.file.mode & 0o600 : behind.file.mode
    await writeConfig(behind.file, behind.text, { mode, freshBackup: true })
  }
  const { backup } = await writeConfig(plan.file, plan.text, { freshBackup: true })
  return { ...imported, backup }
}

type Behind = Pick<Plan, 'text' | 'after' | 'data'> & { file: ConfigFile }

/** The gateway's file with more servers. Throws when one of them is there already, and is another. */
async function planGateway(path: string, servers: ReadonlyMap<string, Data>): Promise<Behind> {
  const file = await readConfig(path)
  const data = json.parse(file.text, path)
  const there = at(data, ['mcpServers']) ?? {}
  if (!isObject(there)) throw misshapen(path, 'mcpServers is not an object')
  const taken = [...servers].filter(([name, server]) => {
    const other = own(there, name)
    return other !== undefined && !isDeepStrictEqual(other, server)
  })
  if (taken.length > 0)
    throw nameTaken(
      path,
      taken.map(([name]) => name),
    )
  const changes: Change[] = [...servers]
    .filter(([name]) => own(there, name) === undefined)
    .map(([name, value]) => ({ at: ['mcpServers', name], value }))
  if (changes.length === 0) return { file, data, text: null, after: data }
  const text = changeText(json, file.text, changes, path)
  return { file, data, text, after: json.parse(text, path) }
}

function nameTaken(path: string, names: readonly string[]): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_NAME_TAKEN',
    `${path} has other servers of these names: ${names.join(', ')}. Nothing was changed.`,
    {
      help: 'Give them other names in one of the two files, then run the command again.',
      details: { path, names },
    },
  )
}
