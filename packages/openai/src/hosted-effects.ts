import { isObject } from './is-object.ts'

// The provider runs the tools of hosted MCP servers itself, as soon as it is asked: a question that is put once more, to hear
// another model, must not send a second mail.

/** The tools, with hosted servers that ask before each call: then an answer makes none. */
export function askingFirst(tools: unknown): unknown {
  if (!Array.isArray(tools)) return tools
  return tools.map((tool: unknown) =>
    isObject(tool) && tool.type === 'mcp' ? { ...tool, require_approval: 'always' } : tool,
  )
}

/** Whether these items let the provider run a hosted call: it is approved, and nothing says yet what came of it. */
export function letRun(input: unknown): boolean {
  const items = Array.isArray(input) ? input.filter(isObject) : []
  const made = items.filter(({ type }) => type === 'mcp_call')
  const ran = new Set(made.map(({ approval_request_id: id }) => id))
  return items.some(
    ({ type, approve, approval_request_id: id }) =>
      type === 'mcp_approval_response' && approve !== false && !ran.has(id),
  )
}
