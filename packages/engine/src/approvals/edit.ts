import type { Schema } from '@cfworker/json-schema'
import { LeluError } from '../errors.ts'
import type { Decided, DecideMore } from '../execution/decide.ts'
import type { GatedRequest } from '../request/gate.ts'
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
): LeluError {
  return new LeluError('LELU_EDIT_REFUSED', `The edit of approval ${id} was refused: ${why}.`, {
    help,
    details: { approval: id, ...details },
  })
}

async function checkSchema(id: string, schema: Json | undefined, input: Json): Promise<void> {
  if (schema === undefined || typeof schema !== 'object' || schema === null) {
    throw refuse(
      id,
      'the schema of the tool was not given, so nothing can check the new input',
      'Deny the call with a reason, and let the agent ask again.',
    )
  }
  const { Validator } = await import('@cfworker/json-schema')
  // A copy: the validator writes hidden members into the schema it is given.
  const { valid, errors } = new Validator(
    structuredClone(schema) as Schema,
    '2020-12',
    false,
  ).validate(input)
  if (valid) return
  const places = errors.map(({ instanceLocation, keyword }) => `${instanceLocation} (${keyword})`)
  throw refuse(
    id,
    'the new input does not fit the schema of the tool',
    'Correct the input at the places named.',
    { places },
  )
}

/** An edited input is a new decision (invariant 6): schema, gate, policy and digest again. A policy deny stands. */
export function editCheck({ gate, decide }: Options): EditCheck {
  return async (record, input) => {
    const { request, id, blind } = record
    await checkSchema(id, request.call.schema, input)
    const gated = gate({ ...request, call: { ...request.call, input } })
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
