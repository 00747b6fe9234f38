import {
  type LanguageModelMiddleware,
  type ModelMessage,
  type ToolSet,
  type UIMessage,
  wrapLanguageModel,
} from 'ai'
import { cancelAbandoned } from './abandoned.ts'
import { announcedCalls } from './announced.ts'
import { confidenceMiddleware } from './confidence.ts'
import { guardTools, uncovered } from './guard-tools.ts'
import { keptSignals } from './kept-signals.ts'
import {
  type AbandonedContext,
  type AiGuardOptions,
  checkModel,
  checkOptions,
  type RunContext,
} from './options.ts'
import { type PolicyClient, type PolicyClientOptions, policyClient } from './policy-client.ts'
import { type PendingCall, pendingCalls, type Settled, settle } from './settle.ts'
import type { GuardState } from './state.ts'
import { type ToolApproval, toolApproval } from './tool-approval.ts'
import { editNotes } from './tool-output.ts'

type WrapOptions = Parameters<typeof wrapLanguageModel>[0]

type CancelAbandoned<Context> = {
  (messages: readonly ModelMessage[], run?: AbandonedContext<Context>): Promise<ModelMessage[]>
  <M extends UIMessage>(messages: readonly M[], run?: AbandonedContext<Context>): Promise<M[]>
}

/** One guard for `generateText`, `streamText` and agents; it may serve many runs at once. */
export type AiGuard<Context = unknown> = {
  /** The same tools, decided where they execute. Needed: `toolApproval` alone binds nothing. */
  tools<T extends ToolSet>(tools: T): T
  /** Names of tools that run at the provider or the client, where nothing here can stop them. */
  uncovered(tools: ToolSet): string[]
  /** For the setting `toolApproval`: lets calls wait for a person. Throws `LELU_TOOL_UNSUPPORTED` for a bare tool. */
  toolApproval(): ToolApproval
  /** The model with the confidence of its calls read. Throws `LELU_OPTIONS_INVALID` for the name of one. */
  model(model: WrapOptions['model']): ReturnType<typeof wrapLanguageModel>
  /** The middleware in `model`, for a `wrapLanguageModel` of your own. */
  confidence(): LanguageModelMiddleware
  /** The calls of a history that wait for a person. */
  pending(messages: readonly ModelMessage[], run?: RunContext<Context>): Promise<PendingCall[]>
  /** The history that goes on with what was decided, once all of a step is. */
  settle(messages: readonly ModelMessage[], run?: RunContext<Context>): Promise<Settled>
  /**
   * The history with calls closed that a newer message left behind: cancelled, or with the kept result of one that
   * ran. Messages of a chat must come here before they are checked and converted: each call says then what was
   * decided.
   */
  cancelAbandoned: CancelAbandoned<Context>
  /** Decisions for a set-up of `@ai-sdk/policy-opa`. */
  policyClient(options?: PolicyClientOptions): PolicyClient
}

/** Throws `LELU_OPTIONS_INVALID` with what to do, for a missing, misspelt or wrong option. */
export function createAiGuard<Context = unknown>(
  options: AiGuardOptions<Context>,
): AiGuard<Context> {
  checkOptions(options as AiGuardOptions<never>)
  const state: GuardState = {
    // The context is what the app says it is: it is only handed to the app's own functions.
    options: options as AiGuardOptions,
    announced: announcedCalls(),
    signals: keptSignals(),
    notes: editNotes(),
    guarded: new WeakSet(),
  }
  const middleware = confidenceMiddleware(state)
  const approval = toolApproval(state)
  return {
    tools: (tools) => guardTools(state, tools),
    uncovered,
    toolApproval: () => approval,
    model(model) {
      checkModel(model)
      return wrapLanguageModel({ model, middleware })
    },
    confidence: () => middleware,
    pending: (messages, run = {}) => pendingCalls(state, messages, run),
    settle: (messages, run = {}) => settle(state, messages, run),
    // It answers the kind of messages that it is given.
    cancelAbandoned: ((messages: readonly ModelMessage[] | readonly UIMessage[], run = {}) =>
      cancelAbandoned(state, messages, run)) as CancelAbandoned<Context>,
    policyClient: (given) => policyClient(state, given),
  }
}
