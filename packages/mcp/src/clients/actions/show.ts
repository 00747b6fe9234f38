import { CliError, safeLines, writeJson } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import type { Client, Place, Scope } from '../client.ts'
import { deeplink } from '../deeplink.ts'
import type { Wanted } from '../entry.ts'
import { fileOf, snippetOf } from '../plan.ts'
import { type ScopeOptions, scopeOf, shownPath } from '../scope.ts'
import { hide } from '../secrets.ts'
import { type ClientOptions, failureOf, isSkippable, placeOf, type ShownFailure } from './common.ts'

type Snippet = { client: string; title: string; scope: Scope; file: string; text: string }
type Skipped = { client: string; title: string; error: ShownFailure }

/** `--print`: the entry alone, for a file that somebody else writes. */
export function printSnippets(
  context: CommandContext,
  chosen: readonly Client[],
  options: ClientOptions & ScopeOptions,
  name: string,
  wanted: Wanted,
): void {
  const { io } = context
  const snippets: Snippet[] = []
  const skipped: Skipped[] = []
  for (const client of chosen) {
    try {
      snippets.push(snippetFor(client, options, name, wanted, placeOf(context)))
    } catch (error) {
      if (!isSkippable(client, options, error)) throw error
      skipped.push({ client: client.id, title: client.title, error: failureOf(error) })
    }
  }
  if (snippets.length === 0) context.setExitCode(1)
  if (context.globals().json) {
    writeJson(io, { name, clients: snippets, skipped })
    return
  }
  const parts = snippets.map(({ title, file, text }) =>
    chosen.length === 1 ? text : `# ${title}: ${file}\n${text}`,
  )
  io.write(safeLines(parts.join('\n')))
  // Not between the entries, which may go into a file as they are.
  for (const { title, error } of skipped) {
    io.writeError(safeLines(`${title}: skipped, ${error.code}: ${error.message}\n`))
  }
}

function snippetFor(
  client: Client,
  options: ScopeOptions,
  name: string,
  wanted: Wanted,
  place: Place,
): Snippet {
  const secrets = wanted.kind === 'http' ? Object.values(wanted.headers) : []
  const scope = scopeOf(client, options, place)
  const file = shownPath(fileOf(client, scope, place) ?? '', place)
  const text = hide(snippetOf(client, name, wanted, scope), secrets)
  return { client: client.id, title: client.title, scope, file, text }
}

/** `--deeplink`: the link, for a person to open. It is never opened here. */
export function printLinks(
  context: CommandContext,
  chosen: readonly Client[],
  name: string,
  wanted: Wanted,
): void {
  const links = chosen.map((client) => {
    const link = deeplink(client, name, wanted)
    if (link !== null) return { client: client.id, title: client.title, link }
    throw new CliError('LELU_USAGE_INVALID', `${client.title} is not opened by a link.`, {
      help: 'Only --cursor and --vscode are. Leave --deeplink out to write its file.',
    })
  })
  if (context.globals().json) writeJson(context.io, { name, clients: links })
  else context.io.write(`${links.map(({ link }) => link).join('\n')}\n`)
}
