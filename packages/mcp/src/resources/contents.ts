import { safeJson } from '@lelu/cli/terminal'
import type { ReadResourceResult } from '@modelcontextprotocol/server'

/** One JSON document; its escapes hide nothing and leave its value as it is. */
export function jsonContents(uri: string, value: unknown): ReadResourceResult {
  return { contents: [{ uri, mimeType: 'application/json', text: safeJson(value) }] }
}
