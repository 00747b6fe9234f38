import type { JsonSchema } from '../surface/surface.ts'

/** A strict object: what is not named is refused. */
export function object(properties: JsonSchema, required: readonly string[]): JsonSchema {
  return { type: 'object', properties, required: [...required], additionalProperties: false }
}

export const text = (description: string, more: JsonSchema = {}): JsonSchema => ({
  type: 'string',
  description,
  ...more,
})

export const list = (items: JsonSchema, description: string): JsonSchema => ({
  type: 'array',
  items,
  description,
})

export const textOrNull = (description: string): JsonSchema => ({
  type: ['string', 'null'],
  description,
})

export const count = (description: string): JsonSchema => ({
  type: 'integer',
  minimum: 0,
  description,
})

/** Nothing else is looked up: an id of another form cannot be one of ours. */
export const approvalId: JsonSchema = text('Id of the approval.', {
  pattern: '^apr_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
})

export const decisionId: JsonSchema = text('Id of the decision.', {
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
})

export const reason: JsonSchema = text('Why, in a sentence.', { minLength: 1, maxLength: 2000 })

/** The call that is asked about. Who asks is never among it: that comes from the connection. */
export const callProperties: JsonSchema = {
  tool: text('Name of the tool that is to be called.', { minLength: 1, maxLength: 256 }),
  input: { description: 'The exact input of the call: any JSON.' },
  server: text('The MCP server the tool belongs to, if any.', { minLength: 1, maxLength: 256 }),
  resource: {
    ...object(
      {
        type: text('Kind of the resource, such as `account`.', { minLength: 1, maxLength: 256 }),
        id: text('Its id.', { minLength: 1, maxLength: 1024 }),
        properties: { type: 'object', description: 'What else is known of it.' },
      },
      ['type', 'id'],
    ),
    description: 'What the call is about.',
  },
  confidence: {
    type: 'number',
    minimum: 0,
    maximum: 1,
    description:
      'How sure you are that this call, with exactly these values, is what the user asked for: from 0 to 1.',
  },
  effect: {
    enum: ['read', 'idempotent', 'non_idempotent'],
    description:
      'What you believe the tool does to the world. Policies read it as `context.claimed_effect`: it is your word only, and the call counts as `non_idempotent`.',
  },
  context: {
    type: 'object',
    description:
      'What else may matter. Policies read it as `context.claimed`: it is your word only.',
  },
}

export const reasons: JsonSchema = list({ type: 'string' }, 'Why, as the policy words it.')

export const decisionWord: JsonSchema = { enum: ['allow', 'require_approval', 'deny'] }

export const stateWord: JsonSchema = text('Where the approval stands.')
