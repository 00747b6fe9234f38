import { type Approval, type Approvals, isLeluError, type Json, LeluError } from '@lelu/engine'
import { guardCall, isTaken, takeField } from '@lelu/engine/adapter'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { LeluMcpError } from '../errors.ts'
import type { CallContext, ToolAnswer } from '../surface/call.ts'
import { inputIssues } from '../surface/check-input.ts'
import { executedAnswer, failedAnswer, refusedAnswer, withEnded } from './answers.ts'
import { givenName, runOf, sameCallHash } from './call-name.ts'
import { callGenerations, type Generation } from './generations.ts'
import { type CallParts, type GovernedTool, kitCall } from './governed-tool.ts'
import type { AskingContext } from './held-calls.ts'
import { refusalLog } from './refusals.ts'
import { isSameTool, seenTool, toolNow } from './seen-tool.ts'
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
  const record = refusalLog(lelu)

  /** Names the call, unless the gateway refuses it by itself: then it throws a coded error. In the shadow no call has a name. */
  async function admitted(
    tool: GovernedTool,
    input: Json,
    context: AskingContext,
  ): Promise<Generation | undefined> {
    const { name, inputSchema } = tool.pinned.definition
    // Against the schema of the server itself: what is digested and reviewed is what is sent.
    const issues = inputIssues(input, inputSchema)
    if (issues.length > 0) {
      throw new LeluMcpError(
        'LELU_MCP_INPUT_INVALID',
        `The input does not pass the schema of ${name}: ${issues.join('; ')}. The call did not run.`,
        { help: 'Call it with an input that does.' },
      )
    }
    await parts.assertCallable(tool)
    if (mode === 'shadow') return undefined
    const named = await nameCall(tool, input, context)
    // Approved, it is spent with the next step: not on a server that is gone and does not know of it yet.
    if (named.found?.state === 'approved') await parts.assertReachable(tool)
    return named
  }

  async function decided(
    tool: GovernedTool,
    written: { [key: string]: Json },
    context: AskingContext,
  ): Promise<ToolAnswer> {
    const { input, reported } = takeField(written, tool.field)
    const named = await admitted(tool, input, context).catch(async (error: unknown) => {
      if (isLeluError(error)) await record({ tool, principal: context.principal, code: error.code })
      throw error
    })
    if (named === undefined) return shadowed(tool, { input, reported, context })
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

  async function nameCall(
    tool: GovernedTool,
    input: Json,
    context: AskingContext,
  ): Promise<Generation> {
    const given = givenName(context.meta)
    if (given === 'invalid') {
      throw new LeluError(
        'LELU_CALL_INVALID',
        'The name in _meta["lelu/call"] is not a text of 1 to 128 characters. The call did not run.',
        { help: 'Give it such a name, or none.' },
      )
    }
    const { principal } = context
    if (given !== undefined) {
      const call = { tenant: principal.tenant, run: runOf(principal), call: given }
      return { id: given, found: await sameToolBefore(tool, call), ended: undefined }
    }
    const sameCall = sameCallHash({
      principal,
      server: tool.server,
      tool: tool.pinned.definition.name,
      seen: toolNow(tool, lelu.policy),
      effect: tool.effect,
      input,
    })
    return generations.current({ tenant: principal.tenant, run: runOf(principal), sameCall })
  }

  /** The engine compares tool, schema and input of a call on record; the rest of what a tool is, nobody but the gateway knows. */
  async function sameToolBefore(
    tool: GovernedTool,
    call: Parameters<Approvals['find']>[0],
  ): Promise<Approval | undefined> {
    const found = await approvals.find(call)
    const seen = found && seenTool(found)
    if (seen === undefined || isSameTool(seen, toolNow(tool, lelu.policy))) return found
    throw new LeluError(
      'LELU_APPROVAL_CONFLICT',
      'A call of this name was asked for already, under another policy, or of a tool that was described otherwise or was elsewhere.',
      { help: 'Give the call a name of its own.', details: { approval: found?.id } },
    )
  }

  return async (tool, written, context) => {
    try {
      return await decided(tool, written, context)
    } catch (error) {
      if (!isTaken(error)) return failedAnswer(error)
      const text =
        'This very call is running right now. To learn what became of it, call it again later with exactly the same input.'
      return refusedAnswer('LELU_APPROVAL_EXECUTING', text)
    }
  }
}
