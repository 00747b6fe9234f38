import type { DecisionRequest } from '../../src/types.ts'

/** A request with everything in it. */
export function wholeRequest(): DecisionRequest {
  return {
    subject: {
      id: 'trader-1',
      type: 'agent',
      actingFor: { id: 'user-7', type: 'user', properties: { desk: 'bonds' } },
      properties: { version: 3 },
    },
    call: {
      id: 'call-1',
      tool: 'trade',
      input: { symbol: 'ACME', amount: 100, tags: ['a', null, true, 0.5] },
      effect: 'idempotent',
      server: 'broker',
      schema: { type: 'object' },
    },
    confidence: {
      method: 'verbalized',
      trust: 'claimed',
      value: 0.85,
      score: 1.73,
      model: 'm-1',
      samples: 1,
      evidence: { why: ['x'] },
    },
    resource: { type: 'account', id: '42', properties: { region: 'eu' } },
    tenant: 'acme',
    run: 'run-1',
    context: { channel: 'chat' },
  }
}

/** The smallest one. */
export function smallRequest(input: unknown = {}): DecisionRequest {
  return {
    subject: { id: 'a', type: 'agent' },
    call: { id: 'c', tool: 'trade', input: input as DecisionRequest['call']['input'] },
  }
}

/** A request with one member set, by path; undefined takes it away. */
export function withMember(path: string, value: unknown): unknown {
  const request = wholeRequest() as unknown as Record<string, unknown>
  const keys = path.split('.')
  const last = keys.pop() as string
  let owner = request
  for (const key of keys) owner = owner[key] as Record<string, unknown>
  if (value === undefined) delete owner[last]
  else owner[last] = value
  return request
}

/** What `run` throws. */
export function thrown(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
