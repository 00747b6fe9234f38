import { LeluError } from '@lelu/engine/adapter'
import type { FunctionTool, RunContext, ToolInputGuardrailDefinition } from '@openai/agents'

export type ToolDetails = NonNullable<Parameters<FunctionTool['invoke']>[2]>

/** The part of a function tool that is guarded. */
export type AgentTool = {
  type: 'function'
  name: string
  parameters: unknown
  outputSchema?: unknown
  errorFunction?: unknown
  inputGuardrails?: ToolInputGuardrailDefinition[]
  needsApproval(
    runContext: RunContext<unknown>,
    input: unknown,
    callId?: string,
  ): boolean | Promise<boolean>
  invoke(runContext: RunContext<unknown>, text: string, details?: ToolDetails): Promise<unknown>
}

/** Throws `LELU_TOOL_UNSUPPORTED` for what is no function tool: hosted tools run at the provider, unseen. */
export function assertAgentTool(tool: unknown): asserts tool is AgentTool {
  const { type, invoke, needsApproval } = (tool ?? {}) as Partial<AgentTool>
  if (type === 'function' && typeof invoke === 'function' && typeof needsApproval === 'function') {
    return
  }
  throw new LeluError('LELU_TOOL_UNSUPPORTED', 'This is no function tool: it cannot be guarded.', {
    help: 'Pass what tool() or agent.asTool() makes. Hosted, shell and computer tools are not covered.',
  })
}

/** What `agent.asTool()` makes. The SDK knows it by identity, to find the agent inside when a run is restored. */
export function isAgentAsTool(tool: AgentTool): boolean {
  return typeof (tool as { on?: unknown }).on === 'function'
}
