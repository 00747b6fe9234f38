import { randomBytes } from 'node:crypto'
import type { Json } from '@lelu/engine'
import type { ElicitResult } from '@modelcontextprotocol/server'
import type { CallContext, Question, ToolAnswer } from '../surface/call.ts'
import { refusedAnswer } from './answers.ts'

/** Asks the person at the client; where that cannot be, or nobody answers in time, the answer is `cancel`. */
export type AskPerson = (
  questions: Readonly<Record<string, Question>>,
) => Promise<Readonly<Record<string, ElicitResult>>>

/** A call that may ask in the middle of its run. */
export type AskingContext = CallContext & { ask?: AskPerson }

/** Calls that wait in the middle of their run for an answer of the person at the client. */
export interface HeldCalls {
  /** Begins a call. Answers how it ended, or what it asks. */
  begin(
    context: CallContext,
    call: (context: AskingContext) => Promise<ToolAnswer>,
  ): Promise<ToolAnswer>
  /** The next round of a held call; undefined when the answers are not of one. */
  goOn(context: CallContext): Promise<ToolAnswer> | undefined
}

type Held = {
  owner: string
  ending: Promise<ToolAnswer>
  /** How many times it has asked: the number of the question that is open. */
  questions: number
  /** Hands over what the person answered; undefined while nothing is asked. */
  answered: ((results: Readonly<Record<string, ElicitResult>>) => void) | undefined
  /** Where the next question goes: to the round that is open. */
  asked: PromiseWithResolvers<ToolAnswer>
  controller: AbortController
  progress: CallContext['progress']
}

const stateKey = 'heldCall'

/** A held call, and which of its questions was asked, in the state of a round; undefined for the state of somebody else's. */
function heldState({ answers }: CallContext): { id: string; question: Json } | undefined {
  const state = answers?.state
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return undefined
  const id = Object.hasOwn(state, stateKey) ? state[stateKey] : undefined
  return typeof id === 'string' ? { id, question: state.question ?? null } : undefined
}

const canAsk = ({ elicits }: CallContext['peer'], question: Question): boolean =>
  question.mode === 'form' ? elicits.form : elicits.url

const ownerOf = ({ principal }: CallContext) => JSON.stringify([principal.tenant, principal.key])

/**
 * A question of an upstream comes while its call runs, and goes to the client as the answer of a round. The call itself
 * stays here, in this process, between the rounds. A round whose call is not here (another process, too late) never
 * begins the call anew: it may have taken effect.
 */
export function heldCalls(heldMs: number): HeldCalls {
  const held = new Map<string, Held>()

  /** One round: until the call ends or asks. What aborts the round aborts the call. */
  async function round(entry: Held, { signal, progress }: CallContext): Promise<ToolAnswer> {
    const abort = () => entry.controller.abort(signal.reason)
    entry.progress = progress
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    try {
      return await Promise.race([entry.ending, entry.asked.promise])
    } finally {
      signal.removeEventListener('abort', abort)
      entry.progress = async () => {}
    }
  }

  return {
    begin(context, call) {
      const id = randomBytes(16).toString('base64url')
      const controller = new AbortController()
      const ask: AskPerson = async (questions) => {
        const names = Object.keys(questions)
        const cancelled = Object.fromEntries(
          names.map((name) => [name, { action: 'cancel' as const }]),
        )
        const possible = Object.values(questions).every((one) => canAsk(context.peer, one))
        if (!possible || names.length === 0 || entry.answered !== undefined) return cancelled
        const answer = Promise.withResolvers<Readonly<Record<string, ElicitResult>>>()
        const timer = setTimeout(() => answer.resolve(cancelled), heldMs)
        const give = () => answer.resolve(cancelled)
        controller.signal.addEventListener('abort', give)
        entry.answered = answer.resolve
        entry.questions += 1
        const state = { [stateKey]: id, question: entry.questions }
        entry.asked.resolve({ kind: 'ask', questions, state })
        try {
          // Only what was asked is answered, and every question is.
          const results = await answer.promise
          return Object.fromEntries(
            names.map((name) => [
              name,
              Object.hasOwn(results, name)
                ? (results[name] as ElicitResult)
                : { action: 'cancel' as const },
            ]),
          )
        } finally {
          clearTimeout(timer)
          controller.signal.removeEventListener('abort', give)
          entry.answered = undefined
        }
      }
      const entry: Held = {
        owner: ownerOf(context),
        ending: Promise.resolve({ kind: 'result', result: { content: [] } }),
        questions: 0,
        answered: undefined,
        asked: Promise.withResolvers(),
        controller,
        progress: context.progress,
      }
      const { signal } = controller
      const progress: CallContext['progress'] = (step) => entry.progress(step)
      entry.ending = call({ ...context, signal, progress, ask })
      held.set(id, entry)
      const forget = () => {
        // Nobody has the id of a call that has asked nothing; of others, a round that comes late still gets the end.
        if (entry.questions === 0) held.delete(id)
        else setTimeout(() => held.delete(id), heldMs).unref()
      }
      entry.ending.then(forget, forget)
      return round(entry, context)
    },

    goOn(context) {
      const state = heldState(context)
      if (state === undefined) return undefined
      const entry = held.get(state.id)
      // Whoever has the id of another's call learns as much as with one that nobody has.
      if (entry === undefined || entry.owner !== ownerOf(context)) {
        const text =
          'The server no longer waits for this answer. Whether its call took effect is not known here; it was not sent again.'
        return Promise.resolve(refusedAnswer('LELU_MCP_UPSTREAM_LOST', text))
      }
      const { answered } = entry
      // A client that lost a reply sends its answer again. It is not the answer to what was asked since.
      if (answered !== undefined && state.question === entry.questions) {
        entry.asked = Promise.withResolvers()
        answered(context.answers?.results ?? {})
      }
      return round(entry, context)
    },
  }
}
