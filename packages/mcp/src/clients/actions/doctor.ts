import { existsSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { writeJson } from '@lelu/cli/terminal'
import type { CommandContext } from '../../command-context.ts'
import type { Client, Place, Scope } from '../client.ts'
import { own } from '../documents/format.ts'
import { readEntry } from '../entry.ts'
import { fileOf, type Opened, openClient } from '../plan.ts'
import { clients } from '../table.ts'
import { resolveEntry, verifyEntry } from '../verify.ts'
import { checkName, failureOf, placeOf } from './common.ts'
import { doctorLines } from './doctor-lines.ts'
import { type Examined, isHealthy } from './results.ts'

type DoctorOptions = { name: string; yes?: boolean; connect: boolean }

/** Examines every file that is there. Exit code 1 when something is wrong, or when no client has the entry. */
export async function doctor(context: CommandContext, options: DoctorOptions): Promise<void> {
  const place = placeOf(context)
  const name = checkName(options.name)
  const examined: Examined[] = []
  for (const client of clients) {
    examined.push(...(await examineClient(context, client, name, options, place)))
  }
  const healthy = examined.length > 0 && examined.every(isHealthy)
  if (context.globals().json) writeJson(context.io, { name, healthy, files: examined })
  else context.io.write(doctorLines(examined, { name, place, io: context.io }))
  if (!healthy) context.setExitCode(1)
}

async function examineClient(
  context: CommandContext,
  client: Client,
  name: string,
  options: DoctorOptions,
  place: Place,
): Promise<Examined[]> {
  const opened = new Map<Scope, Opened>()
  const found: Examined[] = []
  for (const scope of ['project', 'global'] as const) {
    const file = fileOf(client, scope, place)
    if (file === undefined || !existsSync(file)) continue
    const empty = nothingYet(client, scope, file)
    try {
      const one = await openClient(client, scope, place)
      if (own(one.servers ?? {}, name) === undefined) continue
      opened.set(scope, one)
      found.push(await examine(context, one, empty, name, options, place))
    } catch (error) {
      found.push({ ...empty, error: failureOf(error) })
    }
  }
  const shadow = shadowNote(opened, name)
  return found.map((one) =>
    shadow === null || one.scope === 'project' ? one : { ...one, notes: [...one.notes, shadow] },
  )
}

function nothingYet(client: Client, scope: Scope, file: string): Examined {
  const { id, title, era, modernSince = null } = client
  const nothing = { problems: [], notes: [], legacy: null, modern: null, skipped: null }
  return { client: id, title, scope, file, ...nothing, begins: era, since: modernSince }
}

async function examine(
  { io }: CommandContext,
  opened: Opened,
  empty: Examined,
  name: string,
  { yes = false, connect }: DoctorOptions,
  place: Place,
): Promise<Examined> {
  const resolved = resolveEntry(opened, name, place)
  if ('problem' in resolved)
    return { ...empty, problems: [`the entry is wrong: ${resolved.problem}`] }
  const problems = resolved.unset.map(
    (variable) => `the environment variable ${variable} is not set`,
  )
  const entry = own(opened.servers ?? {}, name) as Record<string, unknown>
  const off = own(entry, 'disabled') === true || own(entry, 'enabled') === false
  const notes = off ? ['it is turned off in the file'] : []
  if (problems.length > 0) return { ...empty, problems, notes }
  if (!connect) return { ...empty, notes, skipped: 'not asked to connect' }
  const trusted = yes || opened.scope === 'global'
  const options = { signal: io.signal, trusted }
  const legacy = await verifyEntry(opened, name, place, { ...options, era: 'legacy' })
  if (legacy.handshake === null) return { ...empty, notes, skipped: legacy.skipped }
  const modern = await verifyEntry(opened, name, place, { ...options, era: 'modern' })
  return { ...empty, notes, legacy: legacy.handshake, modern: modern.handshake }
}

/** In a folder with an entry of its own, the entry of the user does not count. */
function shadowNote(opened: ReadonlyMap<Scope, Opened>, name: string): string | null {
  const [project, global] = [opened.get('project'), opened.get('global')]
  if (project === undefined || global === undefined) return null
  const entries = [project, global].map(({ servers }) => readEntry(own(servers ?? {}, name)))
  return isDeepStrictEqual(entries[0], entries[1])
    ? 'this project has the same entry'
    : 'this project has another entry of that name, which counts here'
}
