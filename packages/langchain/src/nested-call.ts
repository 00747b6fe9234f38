import { hash } from 'node:crypto'
import { type Json, LeluError } from '@lelu/engine/adapter'
import type { GuardedCall } from './options.ts'

const handedDown = new WeakSet<object>()
const counts = new WeakMap<object, Map<string, number>>()

/**
 * The tool call as the body of a tool has it in its config: what it calls with that config is no longer it. A copy is
 * remembered, for the host may call with its own object again.
 */
export function handDown(toolCall: object): object {
  const copy = { ...toolCall }
  handedDown.add(copy)
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

/** How many calls of this name one run of a node has made before. */
function countOf(scratchpad: object, name: readonly unknown[]): number {
  const key = JSON.stringify(name)
  const counted = counts.get(scratchpad) ?? new Map<string, number>()
  const count = counted.get(key) ?? 0
  counts.set(scratchpad, counted.set(key, count + 1))
  return count
}

/**
 * Names a call that a tool makes within its own call. By tool and input, and counted where both are the same: a body
 * that runs again after a resume makes its calls anew, and the names must be those that were approved, each of its own.
 */
export function nestedName({ toolCall, configurable }: GuardedCall, input: Json): string[] {
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
  const name = [toolCall.name, digestOf(input)]
  return [...name, String(countOf(scratchpad, [toolCall.id, ...name]))]
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
  const count = countOf(scratchpad, [attempt ?? 1, toolCall.id])
  return count === 0 ? undefined : [String(count)]
}
