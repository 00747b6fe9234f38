import type { ConfidenceSignal, Json } from './signal.ts'

/**
 * One tool call as a model answered it. `input` is what it wrote, before the tool's own schema changed anything, and
 * without the field that a reader added.
 */
export type AnsweredCall = { tool: string; input: Json }

/**
 * What an adapter knows of one tool call, in the same shape whatever the framework. Only `call` is always there:
 * most providers give no log-probabilities, and where a call is read from a stored thread the question is gone.
 */
export type CallEvidence = {
  call: AnsweredCall & {
    id: string
    /** The JSON text of the input as the model generated it. */
    text?: string
  }
  /** The provider's log-probabilities of the whole answer, as it gave them. */
  logprobs?: unknown
  model?: string
  /** What the model wrote into the field that this reader added to the tool's schema. */
  reported?: unknown
  /** The calls in front of this one in the same answer: an opinion that makes a call once does not make it twice. */
  before?: readonly AnsweredCall[]
  /**
   * Puts the same question to another model of the same framework; answers the calls it would make. One function for all
   * calls of an answer, and another for the next answer: opinions are kept under it, so that they are paid for once.
   */
  ask?: (model: unknown, signal: AbortSignal) => Promise<AnsweredCall[]>
  signal?: AbortSignal
  /**
   * The framework's own answer (an AIMessage, a completion, a generate result), from which `tokenLogprobs` learns what
   * the answer says in text; without it, it finds nothing.
   */
  raw?: unknown
}

/** A field that a reader wants in every tool's schema. The adapter adds it, and takes it out before the tool sees it. */
export type AddedField = { name: string; schema: { [key: string]: Json } }

/** Where the number comes from. Undefined, or an error, counts as no confidence: never as a high one. */
export interface ConfidenceReader {
  (evidence: CallEvidence): ConfidenceSignal | undefined | Promise<ConfidenceSignal | undefined>
  readonly added?: AddedField
}
