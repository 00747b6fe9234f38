import { AsyncLocalStorage } from 'node:async_hooks'
import type { GuardedCall } from './options.ts'
import type { SuspendedCalls } from './suspension.ts'

/** One run of a tool's body, in which other calls may be made. */
export type Body = {
  call: GuardedCall
  outage?: Error
  /** Why it does not run again, so that nothing in it can wait. */
  last?: string
  /** The approvals that were asked for in it, and that nothing has woken. */
  waiting: Set<string>
  around: Body | undefined
}

/** What a call is made in. */
type Around = {
  /** The runs of nodes. */
  nodes: ReadonlySet<object>
  body: Body
  /** Interrupts the graph in the turn of the call around. */
  ask(payload: SuspendedCalls): Promise<void>
}

const inside = new AsyncLocalStorage<Around>()

/** Why a call is cancelled whose interrupt a body has caught, or that it did not wait for. */
export const wentOn = 'the tool went on without it'

export function newBody(call: GuardedCall): Body {
  return { call, waiting: new Set(), around: inside.getStore()?.body }
}

/** Does the work of a body: a call that is made in there is known to be in it. */
export function runInside<T>(body: Body, ask: Around['ask'], work: () => Promise<T>): Promise<T> {
  const nodes = new Set(inside.getStore()?.nodes)
  nodes.add(body.call.configurable.__pregel_scratchpad as object)
  return inside.run({ nodes, body, ask }, work)
}

/** Notes that an engine could not answer within the body of a tool: see `outageBehind` of its turn. */
export function noteOutage(error: Error): void {
  const around = inside.getStore()
  if (around !== undefined) around.body.outage = error
}

/** What a call is made in, unless another graph is in between. */
export function aroundOf({ configurable }: GuardedCall): Around | undefined {
  const around = inside.getStore()
  return around?.nodes.has(configurable.__pregel_scratchpad as object) === true ? around : undefined
}

const partsOf = ({ checkpoint_ns }: GuardedCall['configurable']) => String(checkpoint_ns).split('|')

/** Whether the interrupt of a call goes through a body. That of an agent with a thread of its own ends there. */
function isWithin({ configurable }: GuardedCall, { call }: Body): boolean {
  const parts = partsOf(configurable)
  return (
    configurable.thread_id === call.configurable.thread_id &&
    // In the place of an agent with `checkpointer: true` the nodes around it have no ids of their runs.
    partsOf(call.configurable).every((part, at) =>
      [part, part.replace(/:.*/, '')].includes(parts[at] ?? ''),
    )
  )
}

/** The bodies that a call is made in, also where the graph of an agent is in between. */
export function bodiesAround(call: GuardedCall): Body[] {
  const bodies: Body[] = []
  for (let body = inside.getStore()?.body; body !== undefined; body = body.around) {
    if (isWithin(call, body)) bodies.push(body)
  }
  return bodies
}
