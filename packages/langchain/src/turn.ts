import { AsyncLocalStorage } from 'node:async_hooks'
import { interrupt, isGraphInterrupt } from '@langchain/langgraph'
import { isLeluError } from '@lelu/engine/adapter'
import type { GuardedCall } from './options.ts'
import { callId } from './place.ts'
import { type SuspendedCalls, together } from './suspension.ts'

type Waiting = { go: () => void; end: (error: unknown) => void }
/** `next`: what the call does when it goes on. One that asks for a call in its body is at work. */
type Asking = Waiting & { payload: SuspendedCalls; next: 'deciding' | 'working' }

/**
 * The calls that are made at the same time: those of one body of a guarded tool, or of one node (all calls of a step in
 * `ToolNode` and agents of version v1, and what tools make in there that are not guarded).
 */
type Step = {
  /** How many of them are being decided, and how many run. The others rest in one of the queues, or have ended. */
  deciding: number
  working: number
  asking: Asking[]
  held: Waiting[]
  calls: Set<string>
  ended?: { error: unknown }
}

/** One call's place among those of its step. */
export type Turn = {
  /** Waits until no other call of the step is undecided; throws the interrupt, if one of them ends the step. */
  hold(): Promise<void>
  /** Says that the call runs on an approval, without having been held: the others need not wait for its end. */
  work(): void
  /** Why nothing could take up a call that is suspended here: a body around it does not run again. */
  lost(): string | undefined
  /**
   * Interrupts the graph, once no other call of the step is at work, nor one of a step around it in the same node.
   * Answers when a resume value woke it.
   */
  ask(payload: SuspendedCalls): Promise<void>
  /** Ends the step as an interrupt does, once no other call of it is at work: throws what it has ended with. */
  endStep(error: unknown): Promise<void>
  /**
   * What an agent in the body failed with, where the error of the body does not tell: LangGraph makes one interrupt
   * without a question of several outages of a step, and such an interrupt ends a run without a word.
   */
  outageBehind(error: unknown): Error | undefined
  /** Ends the body for good. Answers the approvals of calls in it, of an agent in there too, whose interrupt it has caught. */
  endBody(): string[]
}

/** By the run of a node, or of a body. */
const steps = new WeakMap<object, Step>()
type Body = {
  call: GuardedCall
  outage?: Error
  /** Why it does not run again, so that nothing in it can wait. */
  last?: string
  /** The approvals that were asked for in it, and that nothing has woken. */
  waiting: Set<string>
  around: Body | undefined
}
type Around = {
  nodes: ReadonlySet<object>
  body: Body
  /** Interrupts the graph in the turn of the call around. */
  ask: Turn['ask']
}
/** The runs of nodes that a call is made in, and the body: a tool that calls a guarded tool must not wait for itself. */
const inside = new AsyncLocalStorage<Around>()

/** Notes that an engine could not answer within the body of a tool: see `outageBehind`. */
export function noteOutage(error: Error): void {
  const around = inside.getStore()
  if (around !== undefined) around.body.outage = error
}

/** The body that a call is made in, unless another graph is in between. */
function aroundOf({ configurable }: GuardedCall): Around | undefined {
  const around = inside.getStore()
  return around?.nodes.has(configurable.__pregel_scratchpad as object) === true ? around : undefined
}

/** Why a call is cancelled whose interrupt a body has caught, or that it did not wait for. */
export const wentOn = 'the tool went on without it'

/** Whether the interrupt of a call goes through a body. That of an agent with a thread of its own ends there. */
function isWithin({ configurable }: GuardedCall, body: Body): boolean {
  const { thread_id, checkpoint_ns } = body.call.configurable
  const place = `${configurable.checkpoint_ns}|`
  return thread_id === configurable.thread_id && place.startsWith(`${checkpoint_ns}|`)
}

/** The bodies that a call is made in, also where the graph of an agent is in between. */
function bodiesAround(call: GuardedCall): Body[] {
  const bodies: Body[] = []
  for (let body = inside.getStore()?.body; body !== undefined; body = body.around) {
    if (isWithin(call, body)) bodies.push(body)
  }
  return bodies
}

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

function stepOf(call: GuardedCall): Step {
  // LangGraph makes one scratchpad for each run of a node; a step of version v2 has one for every call.
  const scratchpad = call.configurable.__pregel_scratchpad
  const fresh: Step = {
    deciding: 0,
    working: 0,
    asking: [],
    held: [],
    calls: new Set(),
  }
  if (typeof scratchpad !== 'object' || scratchpad === null) return fresh
  const place = aroundOf(call)?.body ?? scratchpad
  const known = steps.get(place)
  const step = known === undefined || isOver(known, call) ? fresh : known
  steps.set(place, step)
  step.calls.add(callId(call))
  return step
}

function settle(step: Step): void {
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

/**
 * Runs the work of one call with its turn. An interrupt ends a node at once, with all its calls: without turns, a
 * sibling would go on running unseen when the process exits, and an allowed one would run again after the resume. A call
 * that is allowed waits for decisions alone, never for the end of another one, which may end only when it has run.
 */
export async function takeTurn<T>(call: GuardedCall, work: (turn: Turn) => Promise<T>): Promise<T> {
  const [step, around, bodies] = [stepOf(call), aroundOf(call), bodiesAround(call)]
  let over = false
  let at = 'deciding' as 'deciding' | 'working' | 'resting'
  const leave = () => {
    if (at !== 'resting') step[at] -= 1
    at = 'resting'
  }
  const rest = async (queue: (waiting: Waiting) => void, next: 'deciding' | 'working') => {
    leave()
    const woken = new Promise<void>((go, end) => queue({ go, end }))
    settle(step)
    await woken
    at = next
    if (!over) return
    // Its tool has ended, and a call that it did not wait for asks.
    leave()
    settle(step)
  }
  const body: Body = { call, waiting: new Set(), around: inside.getStore()?.body }
  const turn: Turn = {
    outageBehind: (error) =>
      isGraphInterrupt(error) && !isLeluError(error) && error.interrupts.length === 0
        ? body.outage
        : undefined,
    endBody() {
      body.last = wentOn
      return [...body.waiting]
    },
    hold: () => rest((waiting) => step.held.push(waiting), 'working'),
    endStep(error) {
      step.ended ??= { error }
      return turn.hold()
    },
    lost: () => bodies.find(({ last }) => last !== undefined)?.last,
    work() {
      body.last = 'the call around it has an approval of its own, and runs only once'
      leave()
      at = 'working'
      step.working += 1
      settle(step)
    },
    async ask(payload) {
      const { approvalIds } = payload.lelu
      for (const { waiting } of bodies) for (const id of approvalIds) waiting.add(id)
      const next = at === 'working' ? 'working' : 'deciding'
      await rest((waiting) => step.asking.push({ ...waiting, payload, next }), next)
      const asked = together([payload, ...step.asking.map((other) => other.payload)])
      try {
        if (around === undefined) interrupt(asked)
        else await around.ask(asked)
      } catch (error) {
        step.ended = { error }
        throw error
      }
      for (const { waiting } of bodies) for (const id of approvalIds) waiting.delete(id)
    },
  }
  step.deciding += 1
  try {
    const nodes = new Set(inside.getStore()?.nodes)
    nodes.add(call.configurable.__pregel_scratchpad as object)
    return await inside.run({ nodes, body, ask: turn.ask }, () => work(turn))
  } catch (error) {
    if (at === 'resting' || !isLeluError(error)) throw error
    // An engine that cannot decide ends the node as an interrupt does.
    await turn.endStep(error)
    throw error
  } finally {
    over = true
    leave()
    settle(step)
  }
}
