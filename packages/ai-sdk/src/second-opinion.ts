import type { AnsweredCall } from '@lelu/engine/adapter'
import { wrapLanguageModel } from 'ai'
import { type ModelParams, parseInput } from './model-call.ts'

type WrappableModel = Parameters<typeof wrapLanguageModel>[0]['model']

// A provider runs the tools of hosted MCP servers itself, as soon as it is asked: a question that is put once more, to hear
// another model, must not send a second mail.

/** Whose servers can be told to ask before each call. Unless they are, they never do. */
const canAsk: readonly string[] = ['openai.mcp', 'azure.mcp']

/** Whether the provider runs an approved call of its own with this question: nothing says yet what came of it. */
function letsRun(prompt: ModelParams['prompt']): boolean {
  const answered = prompt.findLastIndex(({ role }) => role === 'assistant')
  return prompt
    .slice(answered + 1)
    .some(
      ({ role, content }) =>
        role === 'tool' &&
        content.some((part) => part.type === 'tool-approval-response' && part.approved !== false),
    )
}

type Tool = NonNullable<ModelParams['tools']>[number]

const isHosted = (tool: Tool) => tool.type === 'provider' && tool.id.endsWith('.mcp')

const askingFirst = (tool: Tool): Tool =>
  tool.type === 'provider' && isHosted(tool)
    ? { ...tool, args: { ...tool.args, requireApproval: 'always' } }
    : tool

/** The same question for another model, which makes no call of a hosted server; undefined where that cannot be had. */
export function withoutEffects(params: ModelParams): ModelParams | undefined {
  const { prompt, tools, providerOptions } = params
  const servers = providerOptions?.anthropic?.mcpServers
  if (letsRun(prompt) || (Array.isArray(servers) && servers.length > 0)) return undefined
  if (tools === undefined) return params
  const isSilent = (tool: Tool) =>
    isHosted(tool) && tool.type === 'provider' && !canAsk.includes(tool.id)
  return tools.some(isSilent) ? undefined : { ...params, tools: tools.map(askingFirst) }
}

/** Puts the question of this step to another model. */
export async function askModel(
  model: unknown,
  params: ModelParams,
  signal: AbortSignal,
): Promise<AnsweredCall[]> {
  if (typeof (model as Partial<WrappableModel> | null)?.doGenerate !== 'function') {
    throw new TypeError('not a language model')
  }
  // Without middleware it only translates models of older specifications.
  const asked = wrapLanguageModel({ model: model as WrappableModel, middleware: [] })
  const { content } = await asked.doGenerate({ ...params, abortSignal: signal })
  return content.flatMap((part) => {
    const input = part.type === 'tool-call' ? parseInput(part.input) : undefined
    return part.type === 'tool-call' && input !== undefined ? [{ tool: part.toolName, input }] : []
  })
}
