import type { GuardOptions } from './options.ts'

const inner = new WeakMap<object, { tool: object; lelu: GuardOptions['lelu'] }>()

/** Remembers which tool is inside a guarded one. Kept here, where neither model nor tool can reach it. */
export function rememberGuarded(guarded: object, tool: object, lelu: GuardOptions['lelu']): void {
  inner.set(guarded, { tool, lelu })
}

/** The tool itself when the same engine guards it already, so that one call is decided once; else the tool as it is. */
export function unguarded<T>(tool: T, lelu: GuardOptions['lelu']): T {
  if (typeof tool !== 'object' || tool === null) return tool
  const found = inner.get(tool)
  return found?.lelu === lelu ? (found.tool as T) : tool
}
