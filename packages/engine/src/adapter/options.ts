import type { ConfidenceReader } from '@lelu/confidence'
import { LeluError } from '../errors.ts'
import type { Lelu } from '../lelu.ts'
import type { DecisionRequest, Json, Subject, ToolEffect } from '../types.ts'

/**
 * What becomes of a call that needs a person. `suspend`: the run ends and is resumed in any process. `wait`: the call
 * waits `waitMs`, and is suspended when nobody has decided by then. `tell-model`: the model reads that it is pending.
 */
export type ApprovalMode = 'suspend' | 'wait' | 'tell-model'

/** A value, or a function that works it out for each call. */
export type PerCall<T, Call> = T | ((call: Call) => T | Promise<T>)

/** What every adapter takes. `Call` is the framework's own view of a tool call. */
export type GuardOptions<Call> = {
  lelu: Pick<Lelu, 'guard' | 'approvals'> & Partial<Pick<Lelu, 'closing'>>
  /** Who calls. Take it from your own authentication, never from the model. */
  subject: PerCall<Subject, Call>
  /** Where the confidence comes from. Default: none, which the policy sees as 0. */
  confidence?: ConfidenceReader
  /** How long the reader may take, in ms; one that is late has found nothing. Default 60 000. */
  confidenceMs?: number
  /** Default `suspend`. */
  mode?: ApprovalMode
  /** Of mode `wait`, in ms. Default 55 000. */
  waitMs?: number
  /** By tool name; what is not named is `non_idempotent`, the strictest. */
  effect?: Readonly<Record<string, ToolEffect>> | ((tool: string) => ToolEffect | undefined)
  /** What the call is about, for the policy: `input.resource`. Default none. */
  resource?: PerCall<DecisionRequest['resource'], Call>
  /** What else the policy should know: `input.context`. Default nothing. */
  context?: PerCall<Record<string, Json> | undefined, Call>
  /** Default `default`. */
  tenant?: PerCall<string | undefined, Call>
}

export const modes: readonly ApprovalMode[] = ['suspend', 'wait', 'tell-model']

const known: Record<keyof GuardOptions<unknown>, true> = {
  lelu: true,
  subject: true,
  confidence: true,
  confidenceMs: true,
  mode: true,
  waitMs: true,
  effect: true,
  resource: true,
  context: true,
  tenant: true,
}

/** `LELU_OPTIONS_INVALID`: what is wrong with the options of an adapter, and what to do. */
export function invalidOptions(message: string, help: string): LeluError {
  return new LeluError('LELU_OPTIONS_INVALID', message, { help })
}

/** What Node's timers hold: they take a longer time for a millisecond. */
const longestTimeout = 2 ** 31 - 1

const isTimeout = (ms: number): boolean => Number.isInteger(ms) && ms > 0 && ms <= longestTimeout

/**
 * Throws `LELU_OPTIONS_INVALID` with what to do, for a missing, misspelt or wrong option. `own` names the options
 * that this adapter has beside the shared ones.
 */
export function checkGuardOptions(options: unknown, own: readonly string[] = []): void {
  const given: Record<string, unknown> = { ...(options as object | undefined) }
  for (const name of Object.keys(given)) {
    // A misspelt option that is ignored would be a weaker guard than the one that was asked for.
    if (Object.hasOwn(known, name) || own.includes(name)) continue
    throw invalidOptions(
      `There is no option \`${name}\`.`,
      `The options are: ${[...Object.keys(known), ...own].join(', ')}.`,
    )
  }
  const { lelu, subject, confidence, confidenceMs, mode, waitMs } = given as Partial<
    GuardOptions<unknown>
  >
  if (typeof lelu?.guard !== 'function' || typeof lelu.approvals !== 'object') {
    const help = 'Pass the engine: await createLelu({ policies }).'
    throw invalidOptions('The option `lelu` is missing.', help)
  }
  if ((typeof subject !== 'object' && typeof subject !== 'function') || subject === null) {
    const help = "Say who calls, such as { id: 'trader-1', type: 'agent' }, or pass a function."
    throw invalidOptions('The option `subject` is missing.', help)
  }
  if (confidence !== undefined && typeof confidence !== 'function') {
    const help = 'Pass a reader, such as selfReport(), or leave it out.'
    throw invalidOptions('The option `confidence` must be a function.', help)
  }
  if (confidenceMs !== undefined && !isTimeout(confidenceMs)) {
    const help = 'Pass milliseconds, or leave it out for 60 000.'
    throw invalidOptions(
      `The option \`confidenceMs\` must be a whole number from 1 to ${longestTimeout}.`,
      help,
    )
  }
  if (mode !== undefined && !modes.includes(mode)) {
    throw invalidOptions(`There is no mode \`${mode}\`.`, `The modes are: ${modes.join(', ')}.`)
  }
  if (waitMs !== undefined && !(Number.isInteger(waitMs) && waitMs >= 0)) {
    const help = 'Pass milliseconds, or leave it out for 55 000.'
    throw invalidOptions('The option `waitMs` must be a whole number of at least 0.', help)
  }
}
