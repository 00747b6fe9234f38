import { clearPaths } from '@lelu/audit'
import { isLeluError, LeluError } from '../errors.ts'
import type { DecisionRequest } from '../types.ts'

/** What audit records show in clear. Everything else is a salted commitment, whose value can be shown and be erased. */
export type AuditInputOptions = {
  /**
   * Of the input of each tool (`*`: of tools that are not named), as JSON Pointers: `/amount`, or with `*` for any one
   * member or index, `/items/*` and so on. What is in clear is kept for ever: no personal data. Default: nothing.
   */
  clear?: Record<string, readonly string[]>
  /** Of the request's context. Default: nothing. */
  context?: readonly string[]
  /** Of the properties of the resource; its type and id are always in clear. Default: nothing. */
  resource?: readonly string[]
  /**
   * The id of the person a call's data is about, by which it can be erased; null keeps no values at all. Default: the last
   * user in the chain of `actingFor`, else the agent.
   */
  subject?: (request: DecisionRequest) => string | null
  /** Whether values are kept at all, encrypted, in `openings/` of the directory. Default true. */
  openings?: boolean
}

const names: Record<keyof AuditInputOptions, true> = {
  clear: true,
  context: true,
  resource: true,
  subject: true,
  openings: true,
}

function invalid(what: string, help: string): LeluError {
  return new LeluError('LELU_OPTIONS_INVALID', `The option \`auditInput\` ${what}.`, { help })
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Throws `LELU_OPTIONS_INVALID`: a list that was misread would show for ever what it was not meant to. */
export function checkAuditInput(value: unknown): void {
  if (value === undefined) return
  if (!isObject(value)) {
    throw invalid('is no object', "Pass for example { clear: { trade: ['/symbol'] } }.")
  }
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(names, name)) continue
    throw invalid(`has no \`${name}\``, `It has: ${Object.keys(names).join(', ')}.`)
  }
  const { clear, context, resource, subject, openings } = value
  if (clear !== undefined && !isObject(clear)) {
    throw invalid('`clear` is no object', "Pass lists by tool: { trade: ['/symbol'] }.")
  }
  for (const [tool, paths] of Object.entries(clear ?? {})) checkPaths(`clear of ${tool}`, paths)
  checkPaths('context', context)
  checkPaths('resource', resource)
  if (subject !== undefined && typeof subject !== 'function') {
    throw invalid('`subject` is no function', 'It gets the request and answers an id, or null.')
  }
  if (openings !== undefined && typeof openings !== 'boolean') {
    throw invalid('`openings` is neither true nor false', 'Correct it, or leave it out.')
  }
}

function checkPaths(where: string, paths: unknown): void {
  if (paths === undefined) return
  try {
    clearPaths(paths as string[])
  } catch (error) {
    if (!isLeluError(error)) throw error
    throw invalid(`cannot be used (${where}): ${error.message}`, error.help)
  }
}
