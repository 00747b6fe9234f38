import { randomUUID } from 'node:crypto'
import {
  asInput,
  type DecisionRequest,
  type Json,
  LeluError,
  toRequest,
} from '@lelu/engine/adapter'
import type { ModelMessage } from 'ai'
import { type GuardedCall, runOf } from './options.ts'
import type { GuardState } from './state.ts'

/** The `PolicyClient` of `@ai-sdk/policy-opa`. */
export type PolicyClient = {
  evaluate<Input = unknown, Result = unknown>(path: string, input: Input): Promise<Result>
}

/** What `opaPolicy` reads: its words for a decision. */
export type PolicyResult = { decision: 'allow' | 'deny' | 'requires-approval'; reason?: string }

/** Of `policyClient`. */
export type PolicyClientOptions = {
  /** Hand the path and the whole document to the policy, as `opaPolicies` reads them. Default false. */
  document?: boolean
}

type OpaInput = {
  tool?: { name?: unknown }
  args?: unknown
  messages?: unknown
  runtimeContext?: unknown
}

function invalid(message: string, help: string, cause?: unknown): LeluError {
  return new LeluError('LELU_REQUEST_INVALID', message, {
    help,
    ...(cause !== undefined && { cause }),
  })
}

/** The call in the input that `opaPolicy` makes by itself. Another document is called after the path that it is for. */
function callOf(input: unknown, path: string | undefined): GuardedCall {
  const { tool, args, messages, runtimeContext } = (input ?? {}) as OpaInput
  const named = typeof tool?.name === 'string'
  const toolName = named ? (tool.name as string) : path
  if (toolName === undefined) {
    throw invalid(
      'The policy input names no tool.',
      'Let `toInput` answer { tool: { name }, args, messages, runtimeContext }, or leave it out.',
    )
  }
  return {
    toolCall: {
      toolCallId: `opa-${randomUUID()}`,
      toolName,
      input: named ? args : asJson(input),
    },
    messages: (messages ?? []) as ModelMessage[],
    runtimeContext,
  }
}

/** As a client of OPA sends it. */
function asJson(input: unknown): Json {
  try {
    return JSON.parse(JSON.stringify(input) ?? 'null')
  } catch (error) {
    const help =
      'Let `toInput` leave out what JSON cannot say, such as a connection in the runtimeContext.'
    throw invalid('The policy input is no JSON.', help, error)
  }
}

/** The document beside what the option `context` says. */
function withDocument(request: DecisionRequest, path: string, input: unknown): DecisionRequest {
  return { ...request, context: { ...request.context, opa: { path, input: asJson(input) } } }
}

/**
 * Decides for a set-up of `@ai-sdk/policy-opa`: `opaPolicy({ client: guard.policyClient(), path })`. Each decision
 * is recorded; the approvals stay the SDK's own, with nothing that holds them. Without `document` the path says nothing.
 */
export function policyClient(
  { options }: GuardState,
  { document = false }: PolicyClientOptions = {},
): PolicyClient {
  return {
    async evaluate<Input, Result>(path: string, input: Input): Promise<Result> {
      const context = callOf(input, document ? path : undefined)
      const { toolCallId: id, toolName: tool, input: args } = context.toolCall
      const request = await toRequest(options, {
        context,
        id,
        run: await runOf(options, context),
        tool,
        input: asInput(args),
      })
      const { effect, reasons } = await options.lelu.decide(
        document ? withDocument(request, path, input) : request,
      )
      if (effect === 'allow') return { decision: 'allow' } satisfies PolicyResult as Result
      const result: PolicyResult = {
        // Words that are not known here are no permission.
        decision: effect === 'require_approval' ? 'requires-approval' : 'deny',
        reason: reasons.map(({ message }) => message).join('; '),
      }
      return result as Result
    },
  }
}
