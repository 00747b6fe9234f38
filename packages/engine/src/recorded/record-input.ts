import {
  type ClearPaths,
  clearPaths,
  commitInput,
  type Opening,
  type Openings,
  type Shown,
} from '@lelu/audit'
import { chainOf } from '../chain.ts'
import type { GatedRequest } from '../request/gate.ts'
import type { DecisionRequest, Json } from '../types.ts'
import type { AuditInputOptions } from './audit-input-options.ts'
import { digestOpening } from './blind.ts'

/** What a decision's record says of the request, and how its values are kept for whoever may see them. */
export type RecordedInput = {
  members: {
    input: Shown
    resource: { type: string; id: string; properties: Shown } | null
    context: Shown
    data_subject?: string
  }
  /** To be called with the decision's id once its record is on its way. Never throws and never waits. */
  keep(decision: string): void
}

export type RecordInput = (gated: GatedRequest, blind: string, digest: string) => RecordedInput

/** The three together stay well below the longest line of the log. */
const inputBytes = 16 * 1024
const otherBytes = 8 * 1024
const nothing = clearPaths([])

/** Makes what is recorded of each request. Without `openings` nothing is kept, and only commitments remain. */
export function recordInput(options: AuditInputOptions = {}, openings?: Openings): RecordInput {
  // Looked up by own names only: a tool may be called `constructor`.
  const tools = new Map(
    Object.entries(options.clear ?? {}).map(([tool, paths]) => [tool, clearPaths(paths)]),
  )
  const others = tools.get('*') ?? nothing
  const context = clearPaths(options.context ?? [])
  const properties = clearPaths(options.resource ?? [])
  const { subject: subjectOf = dataSubject } = options

  return ({ request, inputText }, blind, digest) => {
    const kept: Opening[] = []
    const shown = (value: Json, paths: ClearPaths, at: string, text?: string): Shown => {
      const maxBytes = at === '/input' ? inputBytes : otherBytes
      const part = commitInput(value, paths, { at, maxBytes, ...(text !== undefined && { text }) })
      for (const opening of part.openings) kept.push(opening)
      return part.shown
    }
    const { call, resource } = request
    const members: RecordedInput['members'] = {
      input: shown(call.input, tools.get(call.tool) ?? others, '/input', inputText),
      resource:
        resource === undefined
          ? null
          : {
              type: resource.type,
              id: resource.id,
              properties: part(resource.properties, properties, '/resource/properties'),
            },
      context: part(request.context, context, '/context'),
    }
    const id = openings === undefined ? null : idOf(subjectOf, request)
    const hash = id === null ? undefined : openings?.hashOf({ id, tenant: request.tenant })
    if (hash !== undefined) members.data_subject = hash
    return {
      members,
      keep(decision) {
        if (id === null) return
        kept.push(digestOpening(blind, digest))
        openings?.keep(hash, decision, kept)
      },
    }

    /** That there is nothing is no secret, and costs nothing. */
    function part(value: Record<string, Json> | undefined, paths: ClearPaths, at: string): Shown {
      return value === undefined || Object.keys(value).length === 0 ? {} : shown(value, paths, at)
    }
  }
}

/** A host's function that fails must not fail the decision; under a guessed name nobody would find the data to erase it. */
function idOf(
  subjectOf: (request: DecisionRequest) => string | null,
  request: DecisionRequest,
): string | null {
  try {
    const id: unknown = subjectOf(request)
    if (id === null || (typeof id === 'string' && id !== '')) return id
    warn(`answered ${id === '' ? 'an empty text' : `a ${typeof id}`}`)
  } catch (error) {
    warn(`threw ${error instanceof Error ? error.name : typeof error}`)
  }
  return null
}

let warned = false

function warn(what: string): void {
  if (warned) return
  warned = true
  process.emitWarning(
    `The function \`auditInput.subject\` ${what}, so the values of such calls are not kept: they cannot be shown later.`,
    { code: 'LELU_AUDIT_SUBJECT' },
  )
}

/** The last user in the chain, for whom all this is done; else the agent itself. */
export function dataSubject({ subject }: DecisionRequest): string {
  return chainOf(subject).findLast(({ type }) => type === 'user')?.id ?? subject.id
}
