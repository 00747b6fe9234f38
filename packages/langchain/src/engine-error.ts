import { type CodedError, isLeluError, isTaken } from '@lelu/engine/adapter'

/** The engine could not answer. Nothing is wrong with the call: asked again later, it is decided or goes on. */
const codes: readonly string[] = [
  'LELU_STORE_UNAVAILABLE',
  'LELU_STORE_CORRUPT',
  'LELU_STORE_NOT_ATOMIC',
  'LELU_AUDIT_UNAVAILABLE',
  'LELU_AUDIT_CLOSED',
  'LELU_KEYS_INVALID',
  'LELU_ENGINE_CLOSED',
  'LELU_POLICY_FAILED',
]

function isEngineError(error: unknown): error is CodedError {
  return isTaken(error) || (isLeluError(error) && codes.includes(error.code))
}

/**
 * Whether an engine that cannot answer made this tool fail: one of an agent in the tool, however that wrapped it. A
 * model that read it would go on, and the approved call in there would be lost. Other errors of Lelu are the tool's.
 */
export function isOutage(error: unknown, seen: Set<unknown> = new Set()): boolean {
  if (!(error instanceof Error) || seen.has(error)) return false
  seen.add(error)
  if (isEngineError(error)) return true
  // Several calls of one step failed.
  const several = error instanceof AggregateError ? error.errors : []
  return [error.cause, ...several].some((inner) => isOutage(inner, seen))
}
