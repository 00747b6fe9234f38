import { recordedId } from '@lelu/engine/adapter'
import type { AgentTool } from './agent-tool.ts'

type Processed = { functions?: readonly { mcpToolBinding?: { serverName?: unknown } | null }[] }

const servers = new WeakMap<AgentTool, string | undefined>()

/**
 * Takes the name of a tool's MCP server out of a run that called the tool. The SDK knows the server by the function that
 * runs the tool, which a guard replaces: without it, an approval for one server would run on another with the same tool.
 */
export function rememberServer(tool: AgentTool, state: object): void {
  const { _lastProcessedResponse: processed } = state as { _lastProcessedResponse?: Processed }
  const name = processed?.functions?.[0]?.mcpToolBinding?.serverName
  servers.set(tool, typeof name === 'string' && name !== '' ? recordedId(name) : undefined)
}

/** The name of the MCP server that the SDK made the tool of, once a text for it was parsed. */
export function serverOf(tool: AgentTool): string | undefined {
  return servers.get(tool)
}
