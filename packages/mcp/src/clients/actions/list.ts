import { existsSync } from 'node:fs'
import { painter, safeText, table, writeJson } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import type { Client, Place, Scope } from '../client.ts'
import { own } from '../documents/format.ts'
import { readEntry, type Server } from '../entry.ts'
import { fileOf, openClient } from '../plan.ts'
import { isDetected, shownPath } from '../scope.ts'
import { clients } from '../table.ts'
import { checkName, failureOf, placeOf, type ShownFailure } from './common.ts'

type Listed = {
  client: string
  title: string
  detected: boolean
  scope: Scope
  file: string
  exists: boolean
  /** Null: no entry of that name. Headers and environment are left out. */
  entry: { url: string } | { command: string; args: string[] } | { problem: string } | null
  error?: ShownFailure
}

/** Shows what each client has. A file that cannot be read is shown as such, and is no failure of the list. */
export async function list(
  context: CommandContext,
  options: { name: string; detect?: boolean },
): Promise<void> {
  const place = placeOf(context)
  const name = checkName(options.name)
  const listed: Listed[] = []
  for (const client of clients) {
    if (options.detect === true && !isDetected(client, place)) continue
    for (const scope of ['project', 'global'] as const) {
      const row = await listOne(client, scope, name, place)
      if (row !== null) listed.push(row)
    }
  }
  if (context.globals().json) {
    writeJson(context.io, { name, clients: listed })
    return
  }
  const paint = painter(context.io)
  const rows = listed.map((row) => [
    row.client,
    row.scope,
    row.exists ? 'there' : row.detected ? 'no file' : '-',
    safeText(shownPath(row.file, place)),
    entryText(row, name),
  ])
  const lines = table([['client', 'scope', 'file', 'path', 'entry'], ...rows])
  const [head = '', ...rest] = lines
  context.io.write(`${[paint('bold', head), ...rest].join('\n')}\n`)
}

async function listOne(
  client: Client,
  scope: Scope,
  name: string,
  place: Place,
): Promise<Listed | null> {
  const file = fileOf(client, scope, place)
  if (file === undefined) return null
  const { id, title } = client
  const detected = isDetected(client, place)
  const row = { client: id, title, detected, scope, file, exists: existsSync(file), entry: null }
  try {
    const { servers } = await openClient(client, scope, place)
    const entry = own(servers ?? {}, name)
    return { ...row, entry: entry === undefined ? null : publicEntry(readEntry(entry)) }
  } catch (error) {
    return { ...row, error: failureOf(error) }
  }
}

/** Without what may be a secret: headers, environment, a query. */
function publicEntry(entry: Server | { problem: string }): Listed['entry'] {
  if ('problem' in entry) return entry
  if (entry.kind === 'http') return { url: entry.url.replace(/[?#].*$/, '?…') }
  return { command: entry.command, args: entry.args }
}

function entryText({ entry, error }: Listed, name: string): string {
  if (error !== undefined) return `${error.code}: ${safeText(error.message)}`
  if (entry === null) return '-'
  if ('problem' in entry) return `${name}: ${entry.problem}`
  return safeText('url' in entry ? entry.url : [entry.command, ...entry.args].join(' '))
}
