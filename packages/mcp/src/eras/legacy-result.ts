import type { CallToolResult } from '@modelcontextprotocol/server'

/**
 * A result as clients of the legacy era take it. To them structured content is an object, since 2026-07-28 it is any JSON;
 * the SDK would answer an error in place of the whole result, and a call that ran would look like one that was refused.
 */
export function legacyResult(result: CallToolResult): CallToolResult {
  const { structuredContent: structured, ...rest } = result
  if (structured === undefined) return result
  if (typeof structured === 'object' && structured !== null && !Array.isArray(structured))
    return result
  if (rest.content.length > 0) return rest
  return { ...rest, content: [{ type: 'text', text: JSON.stringify(structured) }] }
}
