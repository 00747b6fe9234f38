import { type Json, LeluError } from '@lelu/engine/adapter'
import type { Model } from '@openai/agents'
import type { AgentTool } from './agent-tool.ts'

type ParsedInput = { valid: true; input: Json } | { valid: false }

/** A model whose only answer is this one call. */
function calling(name: string, text: string): Model {
  return {
    async getResponse() {
      const call = { type: 'function_call' as const, callId: 'parse', name, arguments: text }
      const usage = { requests: 0, inputTokens: 0, outputTokens: 0, totalTokens: 0 }
      return { usage: usage as never, output: [call] }
    },
    getStreamedResponse() {
      throw new TypeError('not streamed')
    },
  }
}

/**
 * What the SDK shows `needsApproval` for this text. The SDK keeps the parser of a tool to itself, so this is a run of
 * one step whose approval is never given: whatever the tool is made of, nothing of it but its parser can run.
 */
async function shownFor(tool: AgentTool, text: string): Promise<{ input: unknown } | undefined> {
  let shown: { input: unknown } | undefined
  const parsing = {
    ...tool,
    // Without a schema in sight, a text that the parser refuses is shown as it is, and one without parser not at all.
    parameters: undefined,
    isEnabled: async () => true,
    inputGuardrails: [],
    needsApproval: async (_context: unknown, input: unknown) => {
      shown = { input }
      return true
    },
  }
  // Only when it is needed: the package is an optional peer.
  const { Agent, Runner } = await import('@openai/agents')
  const agent = new Agent({ name: 'parse', tools: [parsing as never] })
  await new Runner({ tracingDisabled: true, model: calling(tool.name, text) }).run(agent, '')
  return shown
}

/** A tool that was wrapped by hand may parse once more inside: what was decided would not be what runs. */
function unseen(tool: string, cause?: unknown): LeluError {
  return new LeluError(
    'LELU_TOOL_UNSUPPORTED',
    `What the tool ${tool} would get cannot be seen before it runs. It was not run.`,
    {
      help: 'Guard what tool() makes, with a schema that makes plain data, and wrap it afterwards. Install one @openai/agents, 0.19 or later.',
      cause,
    },
  )
}

/** What the tool would get for this text: defaults set, values coerced. Throws `LELU_TOOL_UNSUPPORTED`. */
export async function parseInput(tool: AgentTool, text: string): Promise<ParsedInput> {
  const shown = await shownFor(tool, text).catch((error: unknown) => {
    throw unseen(tool.name, error)
  })
  if (shown === undefined) throw unseen(tool.name)
  if (typeof shown.input === 'string') return { valid: false }
  return { valid: true, input: shown.input as Json }
}
