import { describe, expect, it } from 'vitest'
import { regoInput, toInput } from '../../src/policy/to-input.ts'
import { gateRequest } from '../../src/request/gate.ts'
import type { DecisionRequest } from '../../src/types.ts'
import { smallRequest, wholeRequest } from '../request/support.ts'

const now = Date.UTC(2026, 10, 22, 10)
const inputFor = (request: DecisionRequest) => toInput(gateRequest(request), now)

describe('the Rego input', () => {
  it('holds a whole request under the words of the contract', () => {
    expect(inputFor(wholeRequest())).toEqual({
      action: 'trade',
      confidence: 0.85,
      args: { symbol: 'ACME', amount: 100, tags: ['a', null, true, 0.5] },
      tool: { name: 'trade', server: 'broker', effect: 'idempotent' },
      agent: { id: 'trader-1', type: 'agent', properties: { version: 3 } },
      acting_for: { id: 'user-7', type: 'user' },
      resource: { type: 'account', id: '42', properties: { region: 'eu' } },
      tenant: 'acme',
      run: 'run-1',
      context: { channel: 'chat' },
      time: '2026-11-22T10:00:00.000Z',
      signal: {
        method: 'verbalized',
        trust: 'claimed',
        status: 'ok',
        score: 1.73,
        model: 'm-1',
        samples: 1,
      },
    })
  })

  it('has every member also for the smallest request, so that no rule meets an undefined one', () => {
    expect(inputFor(smallRequest())).toEqual({
      action: 'trade',
      confidence: 0,
      args: {},
      tool: { name: 'trade', server: null, effect: 'non_idempotent' },
      agent: { id: 'a', type: 'agent', properties: {} },
      acting_for: null,
      resource: null,
      tenant: 'default',
      run: null,
      context: {},
      time: '2026-11-22T10:00:00.000Z',
      signal: {
        method: 'none',
        trust: 'none',
        status: 'missing',
        score: null,
        model: null,
        samples: null,
      },
    })
  })

  it('can be asked for without an engine, and goes through the gate', () => {
    expect(regoInput(wholeRequest(), now)).toEqual(inputFor(wholeRequest()))
    expect(() =>
      regoInput({ ...smallRequest(), confidence: { value: '1' } as never }, now),
    ).toThrow('confidence')
  })

  it('has a confidence of 0 when its reader rejected the number', () => {
    const request = {
      ...smallRequest(),
      confidence: { method: 'token_logprob', trust: 'adapter', value: null, score: 3 },
    } as const
    expect(inputFor(request)).toMatchObject({
      confidence: 0,
      signal: { status: 'invalid', score: null },
    })
  })

  it('has a confidence of 0 when no method gave the number', () => {
    const request = {
      ...smallRequest(),
      confidence: { method: 'none', trust: 'none', value: 0.99, score: 4 },
    } as const
    expect(inputFor(request)).toMatchObject({
      confidence: 0,
      signal: { status: 'missing', score: null },
    })
  })
})
