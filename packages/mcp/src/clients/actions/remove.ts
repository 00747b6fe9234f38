import { painter, safeLines, safeText, writeJson } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import { claudeMissing, claudeRemove, claudeRemoveLine, findClaude } from '../claude-command.ts'
import type { Client, Place, Scope } from '../client.ts'
import { writeConfig } from '../files/write-config.ts'
import { isShared, noSuchScope, openClient, planRemove } from '../plan.ts'
import { type ScopeOptions, shownPath } from '../scope.ts'
import {
  type ClientOptions,
  checkName,
  failureOf,
  isSkippable,
  placeOf,
  type ShownFailure,
  selectClients,
} from './common.ts'
import { diffOf } from './diff-of.ts'
import { failureLines, whereText } from './lines.ts'

type RemoveOptions = ClientOptions & ScopeOptions & { name: string; dryRun?: boolean }

type Removed = {
  client: string
  title: string
  scope: Scope | null
  file: string | null
  result: 'removed' | 'absent' | 'failed'
  backup: string | null
  warnings: string[]
  diff?: string
  error?: ShownFailure
}

/** Takes the entry out of each client's files. Exit code 1 when one of them failed; nothing to remove is no failure. */
export async function remove(context: CommandContext, options: RemoveOptions): Promise<void> {
  const place = placeOf(context)
  const chosen = selectClients(options, place)
  const name = checkName(options.name)
  const results: Removed[] = []
  for (const client of chosen) {
    const scopes = scopesOf(client, options)
    if (scopes.length === 0) {
      // Of all of them it is one without such a file: there is nothing to take out.
      const error = noSuchScope(client, options.global === true ? 'global' : 'project')
      if (!isSkippable(client, options, error)) results.push(failed(client, null, error))
    }
    for (const scope of scopes) {
      try {
        results.push(await removeOne(client, scope, name, place, options.dryRun === true))
      } catch (error) {
        results.push(failed(client, scope, error))
      }
    }
  }
  const dryRun = options.dryRun === true
  if (context.globals().json) writeJson(context.io, { name, dryRun, clients: results })
  else context.io.write(linesOf(results, name, place, context, dryRun))
  if (results.some(({ result }) => result === 'failed')) context.setExitCode(1)
}

function scopesOf(client: Client, { global, project }: ScopeOptions): Scope[] {
  const has = {
    global: client.files.global !== undefined,
    project: client.files.project !== undefined,
  }
  const wanted: Scope[] = global ? ['global'] : project ? ['project'] : ['project', 'global']
  return wanted.filter((scope) => has[scope])
}

function failed({ id, title }: Client, scope: Scope | null, error: unknown): Removed {
  const nothing = { file: null, backup: null, warnings: [] }
  return { client: id, title, scope, result: 'failed', error: failureOf(error), ...nothing }
}

async function removeOne(
  client: Client,
  scope: Scope,
  name: string,
  place: Place,
  dryRun: boolean,
): Promise<Removed> {
  const plan = planRemove(await openClient(client, scope, place), name)
  const removed: Removed = {
    client: client.id,
    title: client.title,
    scope,
    file: plan.file.path,
    result: plan.result as Removed['result'],
    backup: null,
    warnings:
      isShared(plan) && plan.text !== null
        ? ['Claude Code and Copilot CLI both read this file: it is gone for both']
        : [],
  }
  const byCommand = plan.text !== null && client.globalCommand !== undefined && scope === 'global'
  // Looked for in a dry run, too: it says what the real one would do.
  if (byCommand && (await findClaude(place)) === null) throw claudeMissing(claudeRemoveLine(name))
  if (dryRun) return { ...removed, diff: diffOf(plan, place) }
  if (plan.text === null) return removed
  if (byCommand) {
    await claudeRemove(name, place)
    return removed
  }
  return { ...removed, backup: (await writeConfig(plan.file, plan.text)).backup }
}

function linesOf(
  results: readonly Removed[],
  name: string,
  place: Place,
  { io }: CommandContext,
  dryRun: boolean,
): string {
  const paint = painter(io)
  const lines = results.flatMap((result) => {
    const where = result.file === null ? '' : whereText(result.file, result.scope, place)
    const title = paint('bold', result.title)
    if (result.error !== undefined)
      return [`${title}: failed`, ...failureLines(result.error, paint)]
    if (result.result === 'absent') return [`${title}: no ${name} in ${where}`]
    const done = dryRun ? `${name} would be removed from` : `${name} removed from`
    return [
      `${title}: ${done} ${where}`,
      ...(result.diff ? ['', safeLines(result.diff).trimEnd(), ''] : []),
      ...(result.backup === null
        ? []
        : [`  the file as it was: ${safeText(shownPath(result.backup, place))}`]),
      ...result.warnings.map((warning) => `  ${paint('yellow', 'note:')} ${warning}`),
    ]
  })
  if (lines.length === 0) return 'None of them has such a file.\n'
  return `${lines.join('\n')}\n`
}
