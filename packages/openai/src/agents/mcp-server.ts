import type { Agent, RunState } from '@openai/agents'

/**
 * The MCP server that the SDK made the tool of, out of a run that called the tool. The SDK knows it by the function that
 * runs the tool, which a guard replaces: without it, an approval for one server would run on another with the same tool.
 * It shows it in what it stores of a run, and nowhere else.
 */
export function serverIn(state: Pick<RunState<unknown, Agent>, 'toJSON'>): string | undefined {
  const [called] = state.toJSON().lastProcessedResponse?.functions ?? []
  const binding = called?.mcpToolBinding
  if (typeof binding !== 'object' || binding === null || binding.serverName === '') return undefined
  return binding.serverName
}
