import { isLeluError } from '@lelu/engine/adapter'
import { aroundOf } from './body.ts'
import type { GuardedCall } from './options.ts'
import { callId } from './place.ts'
import type { SuspendedCalls } from './suspension.ts'

/** A call that rests until its step lets it go on, or ends. */
export type Waiting = { go: () => void; end: (error: unknown) => void }

/** `next`: what the call does when it goes on. One that asks for a call in its body is at work. */
type Asking = Waiting & { payload: SuspendedCalls; next: 'deciding' | 'working' }

/**
 * The calls that are made at the same time: those of one body of a guarded tool, or of one node (all calls of a step in
 * `ToolNode` and agents of version v1, and what tools make in there that are not guarded).
 */
export type Step = {
  /** How many of them are being decided, and how many run. The others rest in one of the queues, or have ended. */
  deciding: number
  working: number
  asking: Asking[]
  held: Waiting[]
  calls: Set<string>
  ended?: { error: unknown }
}

/** By the run of a node, or of a body. */
const steps = new WeakMap<object, Step>()

const isEmpty = ({ deciding, working, asking, held }: Step): boolean =>
  deciding + working + asking.length + held.length === 0

/** Whether a step is over, and this call begins another one in the same place. */
function isOver(step: Step, call: GuardedCall): boolean {
  if (!isEmpty(step)) return false
  // A retry runs the node again with the same scratchpad: what ended the last try does not end this one.
  if (step.calls.has(callId(call))) return true
  // The body of a tool that has caught an outage may try again.
  return call.nested !== undefined && isLeluError(step.ended?.error)
}

/** The step that a call is in, which it joins. */
export function stepOf(call: GuardedCall): Step {
  // LangGraph makes one scratchpad for each run of a node; a step of version v2 has one for every call.
  const scratchpad = call.configurable.__pregel_scratchpad
  const fresh: Step = { deciding: 0, working: 0, asking: [], held: [], calls: new Set() }
  if (typeof scratchpad !== 'object' || scratchpad === null) return fresh
  const place = aroundOf(call)?.body ?? scratchpad
  const known = steps.get(place)
  const step = known === undefined || isOver(known, call) ? fresh : known
  steps.set(place, step)
  step.calls.add(callId(call))
  return step
}

/** Lets go on whoever may: called whenever a call of the step has changed its place. */
export function settle(step: Step): void {
  const { deciding, working, asking, held, ended } = step
  if (deciding > 0) return
  if (ended === undefined && asking.length === 0) {
    step.working += held.length
    for (const { go } of held.splice(0)) go()
    return
  }
  // What runs is not left behind unseen.
  if (working > 0) return
  if (ended !== undefined) {
    for (const { end } of [...asking.splice(0), ...held.splice(0)]) end(ended.error)
    return
  }
  // One at a time: whom a stale resume value wakes goes back to the end of the queue.
  const [next] = asking.splice(0, 1)
  if (next === undefined) return
  step[next.next] += 1
  next.go()
}
