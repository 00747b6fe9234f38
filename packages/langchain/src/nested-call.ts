import { hash } from 'node:crypto'
import { type Json, LeluError } from '@lelu/engine/adapter'
import type { GuardedCall } from './options.ts'

type Counts = Map<string, number>

/** The tool calls that bodies were given, each with what names it within the call of the model. */
const handedDown = new WeakMap<object, readonly string[]>()
/** How many calls of a name were made: by the run of a node, and within it by the run of a body. */
const counts = new WeakMap<object, WeakMap<object, Counts>>()

/**
 * The tool call as the body of a tool has it in its config: what it calls with that config is no longer it. A copy is
 * remembered, for the host may call with its own object again. `nested` names the call where it is itself one of a body.
 */
export function handDown(toolCall: object, nested: readonly string[] = []): object {
  const copy = { ...toolCall }
  handedDown.set(copy, nested)
  return copy
}

/** Whether a tool call came down from the body of another tool, which passed its config on. */
export function isNested(toolCall: { name: string } | undefined, tool: string): boolean {
  return toolCall !== undefined && (toolCall.name !== tool || handedDown.has(toolCall))
}

/** What is no JSON has no digest: the engine refuses it. */
function digestOf(input: Json): string {
  try {
    return hash('sha256', JSON.stringify(input), 'base64url')
  } catch {
    return ''
  }
}

/** How many calls of this name were made before, in one run of a node and one run of a body in it. */
function countOf(scratchpad: object, body: object, name: readonly unknown[]): number {
  const key = JSON.stringify(name)
  const bodies = counts.get(scratchpad) ?? new WeakMap<object, Counts>()
  const counted: Counts = bodies.get(body) ?? new Map()
  const count = counted.get(key) ?? 0
  bodies.set(body, counted.set(key, count + 1))
  counts.set(scratchpad, bodies)
  return count
}

/** What a nested call is made in: the tool call in its config, and LangGraph's number of the attempt. */
export type Around = { toolCall: object; attempt: number | undefined }

/**
 * Names a call that a tool makes within its own call. By tool and input, and counted where both are the same: a body
 * that runs again, after a resume or for another try, makes its calls anew, and the names must be those that were
 * approved, each of its own. Each run of a body has a tool call of its own, so each counts from the start; where no
 * message names the call around it, calls of one id may be several, and all calls of the node are counted together.
 */
export function nestedName(
  { toolCall, message, configurable }: GuardedCall,
  input: Json,
  { toolCall: around, attempt = 1 }: Around,
): string[] {
  const scratchpad = configurable.__pregel_scratchpad
  if (typeof scratchpad !== 'object' || scratchpad === null) {
    throw new LeluError(
      'LELU_CALL_INVALID',
      `The call of ${toolCall.name} has the tool call of another tool, and no graph to count it in. It was not run.`,
      {
        help: "Hand the tool a tool call of its own: invoke({ id, name, args, type: 'tool_call' }).",
      },
    )
  }
  const name = [...(handedDown.get(around) ?? []), toolCall.name, digestOf(input)]
  const body = message === undefined ? scratchpad : around
  return [...name, String(countOf(scratchpad, body, [attempt, toolCall.id, ...name]))]
}

/**
 * Names a call of a body whose calls no message names, from the second one of its id on: models reuse ids, and the
 * approval of the first must not answer for the others. LangGraph retries with the scratchpad of the first attempt, and
 * each attempt makes the same calls.
 */
export function repeatName(
  { toolCall, message, configurable }: GuardedCall,
  attempt: number | undefined,
): string[] | undefined {
  const scratchpad = configurable.__pregel_scratchpad
  if (message !== undefined || typeof scratchpad !== 'object' || scratchpad === null) return
  const count = countOf(scratchpad, scratchpad, [attempt ?? 1, toolCall.id])
  return count === 0 ? undefined : [String(count)]
}
