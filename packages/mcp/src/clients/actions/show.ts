import { CliError, safeLines, writeJson } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import type { Client } from '../client.ts'
import { deeplink } from '../deeplink.ts'
import type { Wanted } from '../entry.ts'
import { fileOf, snippetOf } from '../plan.ts'
import { type ScopeOptions, scopeOf, shownPath } from '../scope.ts'
import { hide } from '../secrets.ts'
import { placeOf } from './common.ts'

/** `--print`: the entry alone, for a file that somebody else writes. */
export function printSnippets(
  context: CommandContext,
  chosen: readonly Client[],
  options: ScopeOptions,
  name: string,
  wanted: Wanted,
): void {
  const place = placeOf(context)
  const secrets = wanted.kind === 'http' ? Object.values(wanted.headers) : []
  const snippets = chosen.map((client) => {
    const scope = scopeOf(client, options, place)
    const file = shownPath(fileOf(client, scope, place) ?? '', place)
    const text = hide(snippetOf(client, name, wanted, scope), secrets)
    return { client: client.id, title: client.title, scope, file, text }
  })
  if (context.globals().json) {
    writeJson(context.io, { name, clients: snippets })
    return
  }
  const parts = snippets.map(({ title, file, text }) =>
    snippets.length === 1 ? text : `# ${title}: ${file}\n${text}`,
  )
  context.io.write(safeLines(parts.join('\n')))
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
