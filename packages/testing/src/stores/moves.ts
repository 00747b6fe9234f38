import type { Approval } from '@lelu/engine'
import type { Actor } from './actor.ts'
import type { Order, Reply, StoreCall } from './protocol.ts'
import type { StoreStage } from './stage.ts'

/** The codes that say no to whoever came second: nothing is wrong with them. */
const refusals: readonly string[] = [
  'LELU_APPROVAL_EXECUTING',
  'LELU_APPROVAL_STATE',
  'LELU_APPROVAL_CONFLICT',
  'LELU_TOKEN_REFUSED',
]

/** Whether a reply is one that the loser of a race may be given. */
export function isRefusal({ code }: Reply): boolean {
  return code !== undefined && refusals.includes(code)
}

/** Replies that nobody should be given while the store is up. */
export function noteUnexpected(stage: StoreStage, place: string, replies: readonly Reply[]): void {
  for (const reply of replies) {
    if (reply.code === undefined || isRefusal(reply)) continue
    stage.wrong(`${place}: somebody was told ${reply.code}: ${reply.message}`)
  }
}

/** The approval of a reply; fails the case when there is none. */
export function approvalOf(reply: Reply): Approval {
  if (reply.approval !== undefined) return reply.approval
  throw new Error(`expected an approval, got ${reply.code ?? 'none'}: ${reply.message ?? ''}`)
}

/** A call that waits for its review. */
export async function suspend(actor: Actor, call: StoreCall): Promise<Approval> {
  return approvalOf(await actor.order({ verb: 'suspend', ...call }))
}

export async function approve(
  actor: Actor,
  approval: string,
  reviewer = 'rita',
): Promise<Approval> {
  const order: Order = { verb: 'review', approval, reviewer, verdict: 'approve' }
  return approvalOf(await actor.order(order))
}

/** A call that waits for its resume. */
export async function approved(actor: Actor, call: StoreCall): Promise<Approval> {
  const { id } = await suspend(actor, call)
  return approve(actor, id)
}

export async function look(actor: Actor, approval: string): Promise<Approval> {
  return approvalOf(await actor.order({ verb: 'get', approval }))
}

/** Long enough for every order to reach its process, so that none of them starts before the others are there. */
export const gatherMs = 15

/** Gives all orders out in turn, and lets everybody go at the same moment. */
export function together(actors: readonly Actor[], orders: readonly Order[]): Promise<Reply[]> {
  const at = Date.now() + gatherMs
  return Promise.all(
    orders.map((order, index) => (actors[index % actors.length] as Actor).order({ at, ...order })),
  )
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}

/** Again and again until a reply is as it should be, so long at most; answers the last one. */
export async function until(
  ask: () => Promise<Reply>,
  isDone: (reply: Reply) => boolean,
  withinMs = 20_000,
): Promise<Reply> {
  const end = Date.now() + withinMs
  for (;;) {
    const reply = await ask()
    // Nobody is there to ask again.
    if (isDone(reply) || reply.code === 'KILLED' || Date.now() > end) return reply
    await sleep(50)
  }
}

/** Does all of it, two at a time: the machine may have two cores. */
export async function inLanes<T>(
  values: readonly T[],
  play: (value: T) => Promise<void>,
): Promise<void> {
  const left = [...values]
  async function lane(): Promise<void> {
    for (let value = left.shift(); value !== undefined; value = left.shift()) await play(value)
  }
  await Promise.all([lane(), lane()])
}
