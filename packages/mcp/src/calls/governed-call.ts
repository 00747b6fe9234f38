import { isLeluError, type Json } from '@lelu/engine'
import { guardCall, isTaken, takeField } from '@lelu/engine/adapter'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { CallContext, ToolAnswer } from '../surface/call.ts'
import { inputIssues } from '../surface/check-input.ts'
import { errorAnswer, executedAnswer, refusedAnswer, withEnded } from './answers.ts'
import { givenName, runOf, sameCallHash } from './call-name.ts'
import { callGenerations } from './generations.ts'
import { type CallParts, type GovernedTool, kitCall } from './governed-tool.ts'
import type { AskingContext } from './held-calls.ts'
import { shadowCall } from './shadow-call.ts'

/** Runs, suspends or refuses one `tools/call` as the engine says. Throws only for a defect, or when the client is gone. */
export type GovernedCall = (
  tool: GovernedTool,
  written: { [key: string]: Json },
  context: AskingContext,
) => Promise<ToolAnswer>

/** The ids of a policy's rules are not the model's business; the text says why. */
function codeOf(code: string): string {
  return code.startsWith('LELU_') ? code : 'LELU_CALL_DENIED'
}

/** The way of every `tools/call` to an upstream. There is no other. */
export function governedCall(parts: CallParts): GovernedCall {
  const { lelu, pending, mode, now, repeatAfterMs } = parts
  const { approvals } = lelu
  const generations = callGenerations({ approvals, now, repeatAfterMs })
  const shadowed = shadowCall(parts)

  async function decided(
    tool: GovernedTool,
    written: { [key: string]: Json },
    context: AskingContext,
  ): Promise<ToolAnswer> {
    const { name, inputSchema } = tool.pinned.definition
    const { input, reported } = takeField(written, tool.field)
    // Against the schema of the server itself: what is digested and reviewed is what is sent.
    const issues = inputIssues(input, inputSchema)
    if (issues.length > 0) {
      const text = `The input does not pass the schema of ${name}: ${issues.join('; ')}. The call did not run.`
      return refusedAnswer('LELU_MCP_INPUT_INVALID', text)
    }
    await parts.assertCallable(tool)
    if (mode === 'shadow') return shadowed(tool, { input, reported, context })

    const named = await nameCall(tool, input, context)
    if (named === undefined) {
      const text = 'The name in _meta["lelu/call"] is not a text of 1 to 128 characters.'
      return refusedAnswer('LELU_CALL_INVALID', `${text} The call did not run.`)
    }
    const { options, call } = kitCall(parts, tool, { id: named.id, input, reported, context })
    const result = await guardCall<CallToolResult, CallContext>(options, call, (given, run) =>
      parts.run({
        tool,
        input: given as { [key: string]: Json },
        idempotencyKey: run.idempotencyKey,
        context,
      }),
    )
    switch (result.status) {
      case 'executed':
        return withEnded(executedAnswer(result.value, result), named.ended)
      case 'suspended':
        return withEnded(await pending.answer(result.approval, context), named.ended)
      case 'refused':
        return refusedAnswer(codeOf(result.code), result.text)
      case 'threw':
        throw result.error
    }
  }

  async function nameCall(tool: GovernedTool, input: Json, context: AskingContext) {
    const given = givenName(context.meta)
    if (given === 'invalid') return undefined
    if (given !== undefined) return { id: given, ended: undefined }
    const { principal } = context
    const sameCall = sameCallHash({
      principal,
      server: tool.server,
      tool: tool.pinned.definition.name,
      definition: tool.pinned.sha256,
      input,
    })
    return generations.current({ tenant: principal.tenant, run: runOf(principal), sameCall })
  }

  return async (tool, written, context) => {
    try {
      return await decided(tool, written, context)
    } catch (error) {
      if (!isLeluError(error)) throw error
      if (!isTaken(error)) return errorAnswer(error)
      const text =
        'This very call is running right now. To learn what became of it, call it again later with exactly the same input.'
      return refusedAnswer('LELU_APPROVAL_EXECUTING', text)
    }
  }
}
