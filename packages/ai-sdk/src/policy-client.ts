import { randomUUID } from 'node:crypto'
import { LeluError, toRequest } from '@lelu/engine/adapter'
import type { ModelMessage } from 'ai'
import { type GuardedCall, runOf } from './options.ts'
import type { GuardState } from './state.ts'
import { asInput } from './tool-input.ts'

/** The `PolicyClient` of `@ai-sdk/policy-opa`. */
export type PolicyClient = {
  evaluate<Input = unknown, Result = unknown>(path: string, input: Input): Promise<Result>
}

/** What `opaPolicy` reads: its words for a decision. */
export type PolicyResult = { decision: 'allow' | 'deny' | 'requires-approval'; reason?: string }

type OpaInput = {
  tool?: { name?: unknown }
  args?: unknown
  messages?: unknown
  runtimeContext?: unknown
}

/** The call in the input that `opaPolicy` makes by itself. */
function callOf(input: unknown): GuardedCall {
  const { tool, args, messages, runtimeContext } = (input ?? {}) as OpaInput
  if (typeof tool?.name !== 'string') {
    throw new LeluError('LELU_REQUEST_INVALID', 'The policy input names no tool.', {
      help: 'Let `toInput` answer { tool: { name }, args, messages, runtimeContext }, or leave it out.',
    })
  }
  return {
    toolCall: { toolCallId: `opa-${randomUUID()}`, toolName: tool.name, input: args },
    messages: (messages ?? []) as ModelMessage[],
    runtimeContext,
  }
}

/**
 * Decides for a set-up of `@ai-sdk/policy-opa`: `opaPolicy({ client: guard.policyClient(), path })`. Each decision
 * is recorded; the approvals stay the SDK's own, with nothing that holds them. The path says nothing here.
 */
export function policyClient({ options }: GuardState): PolicyClient {
  return {
    async evaluate<Input, Result>(_path: string, input: Input): Promise<Result> {
      const context = callOf(input)
      const { toolCallId: id, toolName: tool, input: args } = context.toolCall
      const request = await toRequest(options, {
        context,
        id,
        run: await runOf(options, context),
        tool,
        input: asInput(args),
      })
      const { effect, reasons } = await options.lelu.decide(request)
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
