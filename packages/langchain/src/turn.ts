import { AsyncLocalStorage } from 'node:async_hooks'
import { interrupt } from '@langchain/langgraph'
import { isLeluError } from '@lelu/engine/adapter'
import type { GuardedCall } from './options.ts'
import { type SuspendedCalls, together } from './suspension.ts'

type Waiting = { go: () => void; end: (error: unknown) => void }
type Asking = Waiting & { payload: SuspendedCalls }

/** The calls that run in one node at the same time: all calls of a step in `ToolNode` and agents of version v1. */
type Step = { running: number; asking: Asking[]; held: Waiting[]; ended?: { error: unknown } }

/** One call's place among those of its step. */
export type Turn = {
  /** Waits until no other call of the step is at work; throws the interrupt, if one of them ends the step. */
  hold(): Promise<void>
  /** Interrupts the graph, once no other call of the step is at work. Answers when a resume value woke it. */
  ask(payload: SuspendedCalls): Promise<void>
}

const steps = new WeakMap<object, Step>()
const inside = new AsyncLocalStorage<Step>()

function stepOf({ configurable }: GuardedCall): Step {
  // LangGraph makes one scratchpad for each run of a node; a step of version v2 has one for every call.
  const scratchpad = configurable.__pregel_scratchpad
  const fresh: Step = { running: 0, asking: [], held: [] }
  if (typeof scratchpad !== 'object' || scratchpad === null) return fresh
  const step = steps.get(scratchpad) ?? fresh
  steps.set(scratchpad, step)
  // A tool that calls a guarded tool itself must not wait for itself.
  return inside.getStore() === step ? fresh : step
}

function settle(step: Step): void {
  if (step.running > 0) return
  if (step.ended !== undefined) {
    for (const { end } of [...step.asking.splice(0), ...step.held.splice(0)]) end(step.ended.error)
    return
  }
  // One at a time: whom a stale resume value wakes goes back to the end of the queue.
  const [next] = step.asking.splice(0, 1)
  for (const { go } of next === undefined ? step.held.splice(0) : [next]) {
    step.running += 1
    go()
  }
}

function rest(step: Step, queue: (waiting: Waiting) => void): Promise<void> {
  return new Promise<void>((go, end) => {
    queue({ go, end })
    step.running -= 1
    settle(step)
  })
}

/**
 * Runs the work of one call with its turn. An interrupt ends a node at once, with all its calls: without turns, a
 * sibling would go on running unseen when the process exits, and an allowed one would run again after the resume.
 */
export async function takeTurn<T>(call: GuardedCall, work: (turn: Turn) => Promise<T>): Promise<T> {
  const step = stepOf(call)
  let resting = false
  const restIn = async (queue: (waiting: Waiting) => void) => {
    resting = true
    await rest(step, queue)
    resting = false
  }
  const ask = async (payload: SuspendedCalls) => {
    await restIn((waiting) => step.asking.push({ ...waiting, payload }))
    try {
      interrupt(together([payload, ...step.asking.map((other) => other.payload)]))
    } catch (error) {
      step.ended = { error }
      throw error
    }
  }
  step.running += 1
  try {
    return await inside.run(step, () =>
      work({ hold: () => restIn((waiting) => step.held.push(waiting)), ask }),
    )
  } catch (error) {
    if (resting || !isLeluError(error)) throw error
    // An engine that cannot decide ends the node as an interrupt does.
    step.ended ??= { error }
    await restIn((waiting) => step.held.push(waiting))
    throw error
  } finally {
    if (!resting) step.running -= 1
    settle(step)
  }
}
