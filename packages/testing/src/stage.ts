import type { Approval, Json, Lelu, Reviewer } from '@lelu/engine'
import type { Answer, ScriptedCall, Turn } from './harness.ts'
import type { Life } from './life.ts'
import type { InProcess, Move, MoveOptions } from './move.ts'
import { type Effect, effectsIn } from './tools.ts'

/** Who reviews in the suite. */
export const reviewer: Reviewer = { id: 'rita@example.com', issuer: 'suite', method: 'suite' }

/** One conversation, the person who reviews its calls, and what its tools did. */
export type Stage = {
  ask(...steps: ScriptedCall[][]): Promise<Turn>
  resume(options?: MoveOptions): Promise<Turn>
  forge(): Promise<Turn>
  garble(): Promise<Turn>
  replay(): Promise<Turn>
  approve(turn: Turn, tool?: string): Promise<void>
  deny(turn: Turn, reason: string): Promise<void>
  edit(turn: Turn, input: Json): Promise<void>
  approval(id: string): Promise<Approval>
  withLelu<T>(use: (lelu: Lelu) => Promise<T>): Promise<T>
  /** What the tools did so far, such as `reviewed 5`. */
  effects(): string[]
  /** The same, each with the input that the tool got. */
  ran(): Effect[]
  /** The tools as the model was last shown them. */
  shown(): string
}

/** One scripted call. The input is as a model writes it, so the amount is a text. */
export function call(
  tool: string,
  amount: number | string = '5',
  id = `call_${tool}`,
): ScriptedCall {
  return { id, tool, input: { amount } }
}

/** The last answer of this call; fails the case when there is none. */
export function answerOf({ answers }: Turn, id: string): Answer {
  const answer = answers.findLast((candidate) => candidate.id === id)
  if (answer === undefined) {
    throw new Error(`The model was given no answer for ${id}, only: ${JSON.stringify(answers)}`)
  }
  return answer
}

export function createStage(
  life: Life,
  directory: string,
  options: MoveOptions,
  inProcess: InProcess,
): Stage {
  let shown = ''
  const play = async (move: Move, more: MoveOptions = {}): Promise<Turn> => {
    const played = await life.play(move, { ...options, ...more }, inProcess)
    shown = played.shown
    return played.turn
  }
  const withLelu = <T>(use: (lelu: Lelu) => Promise<T>) => life.withLelu(use, options)
  const review = async (
    { pending }: Turn,
    more: { verdict: 'approve' | 'deny'; reason?: string; input?: Json },
    tool?: string,
  ) => {
    const chosen = pending.filter((one) => tool === undefined || one.tool === tool)
    if (chosen.length === 0) throw new Error('No call waits that could be reviewed.')
    await withLelu(async ({ approvals }) => {
      for (const { approvalId } of chosen) await approvals.review(approvalId, { reviewer, ...more })
    })
  }
  return {
    ask: (...steps) => play({ verb: 'ask', steps }),
    resume: (more) => play({ verb: 'resume' }, more),
    forge: () => play({ verb: 'forge' }),
    garble: () => play({ verb: 'garble' }),
    replay: () => play({ verb: 'replay' }),
    approve: (turn, tool) => review(turn, { verdict: 'approve' }, tool),
    deny: (turn, reason) => review(turn, { verdict: 'deny', reason }),
    edit: (turn, input) => review(turn, { verdict: 'approve', input }),
    approval: (id) => withLelu(({ approvals }) => approvals.get(id)),
    withLelu,
    ran: () => effectsIn(directory),
    effects: () => effectsIn(directory).map(({ tool, input }) => `${tool} ${input.amount}`),
    shown: () => shown,
  }
}
