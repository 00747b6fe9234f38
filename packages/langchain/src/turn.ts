import { interrupt, isGraphInterrupt } from '@langchain/langgraph'
import { isLeluError } from '@lelu/engine/adapter'
import { aroundOf, bodiesAround, newBody, runInside, wentOn } from './body.ts'
import type { GuardedCall } from './options.ts'
import { settle, stepOf, type Waiting } from './step.ts'
import { type SuspendedCalls, together } from './suspension.ts'

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
  const body = newBody(call)
  const turn: Turn = {
    hold: () => rest((waiting) => step.held.push(waiting), 'working'),
    work() {
      body.last = 'the call around it has an approval of its own, and runs only once'
      leave()
      at = 'working'
      step.working += 1
      settle(step)
    },
    lost: () => bodies.find(({ last }) => last !== undefined)?.last,
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
    endStep(error) {
      step.ended ??= { error }
      return turn.hold()
    },
    outageBehind: (error) =>
      isGraphInterrupt(error) && !isLeluError(error) && error.interrupts.length === 0
        ? body.outage
        : undefined,
    endBody() {
      body.last = wentOn
      return [...body.waiting]
    },
  }
  step.deciding += 1
  try {
    return await runInside(body, turn.ask, () => work(turn))
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
