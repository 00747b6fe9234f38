import { randomUUID } from 'node:crypto'
import type { Decision, Json } from '@lelu/engine'
import { readConfidence, toRequest } from '@lelu/engine/adapter'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { CallContext, ToolAnswer } from '../surface/call.ts'
import { executedAnswer, refusedAnswer } from './answers.ts'
import { type CallParts, type GovernedTool, kitCall } from './governed-tool.ts'
import type { AskingContext } from './held-calls.ts'

type Given = { input: Json; reported: unknown; context: AskingContext }

/**
 * In shadow mode a call is decided and recorded as ever, and then runs whatever was decided: to see what a policy would do
 * before it counts. It does not run where the engine cannot decide or record, nor for anybody a person has stopped.
 */
export function shadowCall(
  parts: CallParts,
): (tool: GovernedTool, given: Given) => Promise<ToolAnswer> {
  const { lelu, confidence } = parts
  return async (tool, given) => {
    const { context, input } = given
    const { options, call } = kitCall(parts, tool, { ...given, id: `shadow:${randomUUID()}` })
    const { evidence } = call
    const signal = evidence && (await readConfidence(confidence, evidence))
    const request = await toRequest(options, {
      ...call,
      ...(signal !== undefined && { confidence: signal }),
    })
    const decision = await lelu.decide(request)
    const stopped = decision.reasons.find(({ id }) => id === 'stopped')
    if (stopped !== undefined) {
      return refusedAnswer('LELU_CALL_DENIED', `${stopped.message} The call did not run.`)
    }
    context.signal.throwIfAborted()
    const result = await recorded(tool, decision, context, () =>
      parts.run({
        tool,
        input: input as { [key: string]: Json },
        idempotencyKey: decision.id,
        context,
      }),
    )
    return executedAnswer(result, { replayed: false, approval: null })
  }

  /** The engine records outcomes of what it runs; here the gateway does. */
  async function recorded(
    tool: GovernedTool,
    decision: Decision,
    { principal }: CallContext,
    run: () => Promise<CallToolResult>,
  ): Promise<CallToolResult> {
    const started = performance.now()
    const record = async (status: 'completed' | 'failed' | 'unknown') => {
      const { subject, tenant } = principal
      const duration = Math.round(performance.now() - started)
      await lelu.audit
        .append(
          {
            kind: 'outcome',
            tenant,
            agent: { id: subject.id, type: subject.type },
            tool: {
              name: tool.pinned.definition.name,
              server: tool.server,
              effect: tool.effect,
            },
            refs: { decision: decision.id },
            result: { status, digest: null, duration_ms: duration },
          },
          { until: 'written' },
        )
        .catch((error: unknown) => {
          const text = `The call of decision ${decision.id} ended, but its outcome could not be recorded: ${String(error)}`
          process.emitWarning(text, { code: 'LELU_OUTCOME_UNRECORDED' })
        })
    }
    try {
      const result = await run()
      await record('completed')
      return result
    } catch (error) {
      const isLost = error instanceof Error && error.name === 'AbortError'
      await record(isLost ? 'unknown' : 'failed')
      throw error
    }
  }
}
