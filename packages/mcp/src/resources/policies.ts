import type { PolicySource } from '@lelu/engine'
import type { ReadResourceResult } from '@modelcontextprotocol/server'
import type { Principal } from '../surface/principal.ts'
import { readsPolicies } from '../surface/rights.ts'
import type { McpResource } from '../surface/surface.ts'
import { shownLines } from '../tools/shown.ts'

const prefix = 'lelu://policies/'
const dataPath = 'data.json'

const uriOf = (path: string) => `${prefix}${path.split('/').map(encodeURIComponent).join('/')}`

function pathOf(uri: string): string | undefined {
  try {
    return decodeURIComponent(uri.slice(prefix.length))
  } catch {
    return undefined // no UTF-8
  }
}

export type PolicyFiles = {
  list(principal: Principal): McpResource[]
  read(uri: string, principal: Principal): ReadResourceResult | undefined
  complete(value: string, principal: Principal): string[]
}

/** The sources as they were loaded, by their paths. No file is opened for a request, so no path leads anywhere else. */
export function policyFiles(source: PolicySource | undefined): PolicyFiles {
  const files = new Map<string, { text: string; mimeType: string }>()
  for (const { path, source: text } of source?.modules ?? [])
    files.set(path, { text: shownLines(text), mimeType: 'text/plain' })
  if (source?.data !== undefined) {
    const text = shownLines(JSON.stringify(source.data, null, 2))
    files.set(dataPath, { text, mimeType: 'application/json' })
  }
  return {
    list(principal) {
      if (!readsPolicies(principal)) return []
      return [...files].map(([path, { mimeType }]) => ({
        uri: uriOf(path),
        name: path,
        title: `Policy ${path}`,
        description: 'A part of the policy, as it was loaded.',
        mimeType,
      }))
    },
    read(uri, principal) {
      if (!readsPolicies(principal)) return undefined
      const file = files.get(pathOf(uri) ?? '')
      return file && { contents: [{ uri, ...file }] }
    },
    complete(value, principal) {
      if (!readsPolicies(principal)) return []
      return [...files.keys()].filter((path) => path.startsWith(value)).slice(0, 100)
    },
  }
}
