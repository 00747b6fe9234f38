import { inspect } from 'node:util'

/** As `runTools` words an error that it tells the model of. */
export function errorContent(error: unknown): string {
  if (error instanceof Error) return textContent(error.message)
  try {
    return String(error)
  } catch {
    return textContent(error)
  }
}

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

function withBigInts(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(String(value)) : value
}

/**
 * As `runTools` makes text of what a tool answers. What JSON cannot say is no reason to lose what has run, and must not pass
 * for a failure of the tool: rows of a database may hold 64-bit integers, and have no prototype that makes text of them.
 */
export function textContent(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value, withBigInts) ?? String(value)
  } catch {
    return inspect(value, { customInspect: false })
  }
}
