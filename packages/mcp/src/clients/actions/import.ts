import { resolve } from 'node:path'
import { writeJson } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import { LeluMcpError } from '../../errors.ts'
import { keptByClaude } from '../claude-command.ts'
import type { Client, Scope } from '../client.ts'
import { writeConfig } from '../files/write-config.ts'
import { movable } from '../moved.ts'
import { openClient, planAdd, rewrite } from '../plan.ts'
import { type ScopeOptions, scopeOf } from '../scope.ts'
import { secretsOf } from '../secrets.ts'
import {
  type ClientOptions,
  checkName,
  failureOf,
  isSkippable,
  placeOf,
  selectClients,
} from './common.ts'
import { diffOf } from './diff-of.ts'
import { importLines } from './import-lines.ts'
import { type Behind, planGateway } from './plan-gateway.ts'
import type { Imported } from './results.ts'
import { wantedOf } from './wanted.ts'

type ImportOptions = ClientOptions &
  ScopeOptions & { name: string; config: string; url: string; stdio?: boolean; dryRun?: boolean }

/** Moves servers of clients behind the gateway. Exit code 1 when one of them failed, or a server had to stay. */
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
    const empty = nothingYet(client, gateway)
    let scope: Scope | null = null
    try {
      scope = scopeOf(client, options, place)
      results.push(await importOne(context, client, scope, options, empty))
    } catch (error) {
      // Only without a file to look into: a server that stays outside the gateway is a failure.
      const skipped = scope === null && isSkippable(client, options, error)
      results.push({ ...empty, result: skipped ? 'skipped' : 'failed', error: failureOf(error) })
    }
  }
  const dryRun = options.dryRun === true
  if (context.globals().json) writeJson(context.io, { name, dryRun, clients: results })
  else context.io.write(importLines(results, { name, place, io: context.io, dryRun }))
  if (results.some(({ result }) => result === 'failed' || result === 'partly')) {
    context.setExitCode(1)
  }
}

function nothingYet({ id, title }: Client, gateway: string): Imported {
  const nothing = { scope: null, file: null, backup: null }
  const none = { moved: [], left: [], kept: [], filled: [], unset: [] }
  return { client: id, title, gateway, result: 'nothing', ...nothing, ...none }
}

async function importOne(
  context: CommandContext,
  client: Client,
  scope: Scope,
  options: ImportOptions,
  empty: Imported,
): Promise<Imported> {
  const place = placeOf(context)
  const { gateway } = empty
  const opened = await openClient(client, scope, place)
  const { servers, left, kept, filled } = movable(opened, options.name, { place, gateway })
  const moved = [...servers.keys()]
  const file = opened.file.path
  const found: Imported = { ...empty, scope, file, left, kept }
  if (moved.length === 0 && kept.length === 0) return found
  if (client.globalCommand !== undefined && scope === 'global') {
    throw keptByClaude(file, [...moved, ...kept.map(({ name }) => name)])
  }
  if (moved.length === 0) return { ...found, result: 'failed', error: failureOf(nothingMovable()) }
  const config = options.stdio === true ? { config: options.config } : {}
  const wanted = wantedOf({ url: options.url, ...config, stdio: options.stdio === true }, context)
  const behind = await planGateway(gateway, servers, place)
  const added = planAdd(opened, options.name, wanted, false)
  const removals = moved.map((server) => ({ at: [...opened.container, server], value: undefined }))
  const plan = { ...opened, ...rewrite(opened, [...added.changes, ...removals]) }
  const imported: Imported = {
    ...found,
    result: kept.length === 0 ? 'imported' : 'partly',
    moved,
    filled,
    unset: behind.unset,
  }
  if (options.dryRun === true) {
    return { ...imported, diffs: [diffOf(behind, place), diffOf(plan, place)] }
  }
  // The gateway first: between the two, the servers are in both places, never in none.
  await writeGateway(behind)
  const { backup } = await writeConfig(plan.file, plan.text, { freshBackup: true })
  return { ...imported, backup }
}

async function writeGateway({ file, text, after }: Behind): Promise<void> {
  if (text === null) return
  const mode = secretsOf(after).length > 0 ? file.mode & 0o600 : file.mode
  await writeConfig(file, text, { mode, freshBackup: true })
}

function nothingMovable(): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_CLIENT_UNSUPPORTED',
    'None of its servers would be the same behind the gateway. Nothing was changed.',
    { help: 'Correct what is named below, or turn the server off, then run the command again.' },
  )
}
