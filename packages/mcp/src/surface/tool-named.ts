import type { Principal } from './principal.ts'
import type { McpTool, Surface } from './surface.ts'

/** The tool of that name among those that the principal is shown. */
export async function toolNamed(
  surface: Surface,
  name: string,
  principal: Principal,
): Promise<McpTool | undefined> {
  if (surface.tool !== undefined) return surface.tool(name, principal)
  const tools = await surface.tools(principal)
  // By comparison, never by a key: `__proto__` and `constructor` are names a client can send.
  return tools.find((tool) => tool.name === name)
}
