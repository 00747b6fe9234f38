import { claudeAddLine, claudeMissing, findClaude } from '../claude-command.ts'
import type { Client, Place, Scope } from '../client.ts'
import type { Data } from '../documents/format.ts'
import { entryFor, type Wanted } from '../entry.ts'
import { openClient, type Plan, planAdd } from '../plan.ts'
import type { ScopeOptions } from '../scope.ts'

export type Asked = { name: string; wanted: Wanted; replace: boolean }

/**
 * What `add` would do, looked at as far as the real run goes: what its client's own command writes needs the command.
 * Without it, an entry that was not asked to be the user's goes into the file of the folder.
 */
export async function planEntry(
  client: Client,
  scope: Scope,
  { name, wanted, replace }: Asked,
  { global }: ScopeOptions,
  place: Place,
): Promise<Plan> {
  const plan = planAdd(await openClient(client, scope, place), name, wanted, replace)
  const needsClaude = plan.text !== null && isWrittenByCommand(plan)
  if (!needsClaude || (await findClaude(place)) !== null) return plan
  if (global === true) throw claudeMissing(claudeAddLine(name, commandEntry(plan, name, wanted)))
  const own = planAdd(await openClient(client, 'project', place), name, wanted, replace)
  const note =
    '`claude` is not on the PATH to add it for the user: the file of this folder is taken, which counts only here'
  return { ...own, notes: [note, ...own.notes] }
}

/** Whether the client's own command writes the file. */
export function isWrittenByCommand({ client, scope }: Plan): boolean {
  return client.globalCommand !== undefined && scope === 'global'
}

/** The whole entry, as the command is given it. */
export function commandEntry({ client, scope }: Plan, name: string, wanted: Wanted): Data {
  const { shape } = entryFor(client, wanted, { name, scope })
  return { ...shape.required, ...shape.defaults }
}
