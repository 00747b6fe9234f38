import { AsyncLocalStorage } from 'node:async_hooks'
import { interrupt } from '@langchain/langgraph'
import { isLeluError } from '@lelu/engine/adapter'
import type { GuardedCall } from './options.ts'
import { callId } from './place.ts'
import { type SuspendedCalls, together } from './suspension.ts'

type Waiting = { go: () => void; end: (error: unknown) => void }
type Asking = Waiting & { payload: SuspendedCalls }

/** The calls that run in one node at the same time: all calls of a step in `ToolNode` and agents of version v1. */
type Step = {
  running: number
  asking: Asking[]
  held: Waiting[]
  calls: Set<string>
  ended?: { error: unknown }
}

/** One call's place among those of its step. */
export type Turn = {
  /** Waits until no other call of the step is at work; throws the interrupt, if one of them ends the step. */
  hold(): Promise<void>
  /** Interrupts the graph, once no other call of the step is at work. Answers when a resume value woke it. */
  ask(payload: SuspendedCalls): Promise<void>
}

const steps = new WeakMap<object, Step>()
/** The runs of nodes that a call is made in: a tool that calls a guarded tool, at any depth, must not wait for itself. */
const inside = new AsyncLocalStorage<ReadonlySet<object>>()

function stepOf(call: GuardedCall): Step {
  // LangGraph makes one scratchpad for each run of a node; a step of version v2 has one for every call.
  const scratchpad = call.configurable.__pregel_scratchpad
  const fresh: Step = { running: 0, asking: [], held: [], calls: new Set() }
  if (typeof scratchpad !== 'object' || scratchpad === null) return fresh
  if (inside.getStore()?.has(scratchpad) === true) return fresh
  const known = steps.get(scratchpad)
  // A retry runs the node again with the same scratchpad: what ended the last try does not end this one.
  const again = known !== undefined && known.running === 0 && known.calls.has(callId(call))
  const step = known === undefined || again ? fresh : known
  steps.set(scratchpad, step)
  step.calls.add(callId(call))
  return step
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
    const around = new Set(inside.getStore()).add(call.configurable.__pregel_scratchpad as object)
    return await inside.run(around, () =>
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
