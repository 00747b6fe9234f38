import type { Schema, ValidationResult } from '@cfworker/json-schema'
import { LeluError } from '../errors.ts'
import type { Decided, DecideMore } from '../execution/decide.ts'
import { limited } from '../limited.ts'
import type { GatedRequest } from '../request/gate.ts'
import { usableSchema } from '../request/usable-schema.ts'
import type { DecisionRequest, Json } from '../types.ts'
import type { EditCheck } from './approvals.ts'

type Options = {
  gate: (request: DecisionRequest) => GatedRequest
  decide: (gated: GatedRequest, more: DecideMore) => Promise<Decided>
}

function refuse(
  id: string,
  why: string,
  help: string,
  details: Record<string, unknown> = {},
  cause?: unknown,
): LeluError {
  return new LeluError('LELU_EDIT_REFUSED', `The edit of approval ${id} was refused: ${why}.`, {
    help,
    details: { approval: id, ...details },
    cause,
  })
}

/** As long as a schema may be applied, ms: it may be that of an MCP server, and the process serves others. */
const mostMs = 1000

async function checkSchema(id: string, schema: Json | undefined, input: Json): Promise<void> {
  if (schema === undefined || typeof schema !== 'object' || schema === null) {
    throw refuse(
      id,
      'the schema of the tool was not given, so nothing can check the new input',
      'Deny the call with a reason, and let the agent ask again; whoever wrote the host passes `schema` in the `call` of a request.',
    )
  }
  const { Validator } = await import('@cfworker/json-schema')
  let result: ValidationResult
  try {
    const usable = usableSchema(schema)
    const validator = new Validator(usable.schema as Schema, usable.draft, false)
    result = limited(mostMs, () => validator.validate(input))
  } catch (error) {
    // A reference that leads nowhere, a pattern that is none or takes years: nothing has checked the new input.
    const why = 'the schema of the tool cannot be applied to it, or not in time'
    throw refuse(id, why, 'Correct the schema.', {}, error)
  }
  const { valid, errors } = result
  if (valid) return
  const places = errors.map(({ instanceLocation, keyword }) => `${instanceLocation} (${keyword})`)
  throw refuse(
    id,
    'the new input does not fit the schema of the tool',
    'Correct the input at the places that `details` names.',
    { places },
  )
}

/** Each edit keeps what it changed, so that a record would grow for as long as somebody edits it. */
const maxEdits = 20

/** An edited input is a new decision (invariant 6): schema, gate, policy and digest again. A policy deny stands. */
export function editCheck({ gate, decide }: Options): EditCheck {
  return async (record, input) => {
    const { request, id, blind, edits } = record
    if (edits.length >= maxEdits) {
      throw refuse(
        id,
        `it was edited ${maxEdits} times already`,
        'Approve or deny the call as it is; let the agent ask again.',
      )
    }
    // The gate first: what it lets through is plain, and no deeper than a validator can go.
    const gated = gate({ ...request, call: { ...request.call, input } })
    await checkSchema(id, request.call.schema, gated.request.call.input)
    const { decision, digest, requirements } = await decide(gated, { approval: id, blind })
    if (decision.effect === 'deny') {
      throw refuse(
        id,
        'the policy denies the new input',
        'A reviewer cannot lift a deny. Change the input, or the policy.',
        {
          reasons: decision.reasons,
        },
      )
    }
    return { request: gated.request, digest, requirements, decision }
  }
}
