import { hash } from 'node:crypto'
import { type Approval, isLeluError, type Json, jsonText, recordedId } from '@lelu/engine/adapter'
import type { AgentGuardOptions, GuardedCall, Place } from './options.ts'

/**
 * What the SDK gives about a call that stays the same when its run is stored and restored: neither a step nor a
 * history reaches a tool. Calls that differ in tool, namespace or arguments are told apart by it, whatever their ids.
 */
export function nameOf({ callId, tool, namespace, input }: GuardedCall): string {
  const parts = namespace === undefined ? [tool, input] : [tool, input, namespace]
  const digest = hash('sha256', jsonText(parts), 'base64url')
  return `${callId}@${digest.slice(0, 22)}`
}

/** The arguments as the model wrote them, or undefined when they are no JSON. */
export function readJson(text: unknown): Json | undefined {
  try {
    return typeof text === 'string' ? (JSON.parse(text) as Json) : undefined
  } catch {
    return undefined
  }
}

/** The last approval of a name. `altered`: its row was changed outside Lelu, and only the engine may say so. */
export type LastApproval = {
  /** How many calls of this name are on record. */
  count: number
  approval?: Approval
  altered?: true
}

/** Finds the last call of this name in the run. One name may have several, one after the other. */
export async function lastApproval(
  { lelu }: Pick<AgentGuardOptions, 'lelu'>,
  place: Place,
  name: string,
): Promise<LastApproval> {
  let last: LastApproval = { count: 0 }
  for (;;) {
    const ordinal = last.count
    try {
      const approval = await lelu.approvals.find({
        ...place,
        call: recordedId(idOf(name, ordinal)),
      })
      if (approval === undefined) return last
      last = { count: ordinal + 1, approval }
    } catch (error) {
      if (!isLeluError(error) || error.code !== 'LELU_APPROVAL_ALTERED') throw error
      last = { count: ordinal + 1, altered: true }
    }
  }
}

/** Names one call of the run: the ordinal counts the calls of this name that are on record before it. */
export function idOf(name: string, ordinal: number): string {
  return `${name}#${ordinal}`
}

/** States in which a call still waits or is at work; in all others it has ended. */
const open: readonly string[] = ['pending', 'approved', 'executing']

/** Whether the last call of the name has not ended, so that the same call asked again is the same one. */
export function isOpen({ approval, altered }: LastApproval): boolean {
  return altered === true || (approval !== undefined && open.includes(approval.state))
}
