import { addField, invalidOptions, pendingText } from '@lelu/engine/adapter'
import type { ToolInputGuardrailDefinition } from '@openai/agents'
import { type AgentTool, assertAgentTool, isAgentAsTool } from './agent-tool.ts'
import { lastApproval, readJson } from './call-name.ts'
import { entriesOf, type Guard, guardOf, rememberGuard, writtenCall } from './guard.ts'
import { assertNamespace, namespaceOfCall, namespaceOfTool, qualifiedName } from './namespace.ts'
import { needsApproval } from './needs-approval.ts'
import { type AgentGuardOptions, checkOptions, placeOf } from './options.ts'
import { refusalMembers } from './refusal-output.ts'
import { runCall } from './run-call.ts'

/** Refuses before the tool is run, so that the SDK does not take the refusal for the tool's output. */
function refuseInput(guard: Guard): ToolInputGuardrailDefinition {
  const { tool, options } = guard
  const allow = { behavior: { type: 'allow' as const } }
  const reject = (message: string) => ({ behavior: { type: 'rejectContent' as const, message } })
  return {
    type: 'tool_input',
    name: 'lelu',
    async run({ context, toolCall }) {
      const input = readJson(toolCall.arguments)
      if (input === undefined) return allow
      const { callId } = toolCall
      const namespace = namespaceOfCall(toolCall)
      const call = writtenCall(guard, context, { callId, namespace }, input)
      const entry = entriesOf(guard, context).get(call.name)
      if (entry?.status === 'refused') return reject(entry.text)
      if (entry?.status === 'allowed') return allow
      // With `preApprovalInputGuardrails` the SDK asks before it suspends; what it takes for an approval comes later.
      const toolName = qualifiedName(tool.name, namespace)
      if (context.isToolApproved({ toolName, callId }) !== true) return allow
      const { approval } = await lastApproval(options, await placeOf(options, call.view), call.name)
      if (approval?.state !== 'pending') return allow
      return reject(pendingText(approval, 'closed'))
    },
  }
}

/**
 * A copy of the tool, without what the same engine has put on it already, so that one call is decided once. What the host
 * changed since then stays, such as a gate of its own.
 */
function unguarded(tool: AgentTool, { lelu }: AgentGuardOptions): AgentTool {
  const guard = guardOf(tool)
  if (guard?.options.lelu !== lelu) return { ...tool }
  const { tool: inside, members } = guard
  const names = Reflect.ownKeys(members) as (keyof AgentTool)[]
  const untouched = names.filter((name) => tool[name] === members[name])
  return { ...tool, ...Object.fromEntries(untouched.map((name) => [name, inside[name]])) }
}

/** In place there is one guard at most: another would decide the calls of every agent that has the tool already. */
function assertUnshared(tool: AgentTool, options: AgentGuardOptions): void {
  const before = guardOf(tool)?.options
  if (!isAgentAsTool(tool) || before === undefined || before === options) return
  throw invalidOptions(
    `The agent tool ${tool.name} is guarded with other options already.`,
    'Call agent.asTool() anew for each guard, or guard it once, with a run and a subject that are functions of the context.',
  )
}

/**
 * The same tool, decided by the engine: name, description, schema and type stay. Takes what `tool()` and
 * `agent.asTool()` make (`LELU_TOOL_UNSUPPORTED`); the latter is guarded in place, for the SDK knows it by identity, and
 * so with one object of options (`LELU_OPTIONS_INVALID`).
 * A gate of the tool's own (`needsApproval`, guardrails) stays in force.
 */
export function guardAgentTool<T, Context = unknown>(
  tool: T,
  options: AgentGuardOptions<Context>,
): T {
  checkOptions(options)
  assertAgentTool(tool)
  // The context is what the host passes to `run`; nothing here looks at it.
  const own = options as unknown as AgentGuardOptions
  assertUnshared(tool, own)
  const inside = unguarded(tool, own)
  const added = own.confidence?.added
  const members: Guard['members'] = {
    // The SDK calls them as methods of the copy that `toolNamespace()` made of the guarded tool.
    async invoke(runContext, text, details) {
      if (details?.toolCall) assertNamespace(details.toolCall, namespaceOfTool(this))
      return runCall(guard, runContext, text, details)
    },
    needsApproval(runContext, input, callId) {
      return needsApproval(guard, runContext, input, { callId, namespace: namespaceOfTool(this) })
    },
    ...(added !== undefined && { parameters: addField(inside.parameters, added, inside.name) }),
    ...refusalMembers(inside),
  }
  const guard: Guard = { tool: inside, members, options: own, entries: new WeakMap() }
  members.inputGuardrails = [...(inside.inputGuardrails ?? []), refuseInput(guard)]
  const guarded = isAgentAsTool(inside) ? Object.assign(tool, members) : { ...inside, ...members }
  rememberGuard(guard)
  return guarded as T
}

/** `guardAgentTool` for a list of tools; the types of the list stay, and one written here is as mutable as the SDK wants it. */
export function guardAgentTools<const T extends unknown[] | readonly unknown[], Context = unknown>(
  tools: T,
  options: AgentGuardOptions<Context>,
): T {
  if (!Array.isArray(tools)) {
    throw invalidOptions('The tools to guard are no list.', 'Pass an array of tools.')
  }
  return tools.map((tool) => guardAgentTool(tool, options)) as unknown as T
}
