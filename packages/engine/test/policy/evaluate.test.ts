import { describe, expect, it } from 'vitest'
import { LeluError } from '../../src/errors.ts'
import { createEvaluate } from '../../src/policy/evaluate.ts'
import type { PolicyAnswer } from '../../src/types.ts'
import { inputOf } from './support.ts'

/** One answer of a runtime that gives `result`, and the errors that were told of. */
function ask(result: () => string | undefined): { answer: PolicyAnswer; errors: LeluError[] } {
  const errors: LeluError[] = []
  const evaluate = createEvaluate({
    runtime: { evaluate: result, memoryBytes: () => 0 },
    inputPaths: 'all',
    obligations: [],
    onError: (error) => errors.push(error),
  })
  return { answer: evaluate(inputOf()), errors }
}

describe('an answer is a deny with a reason of its own', () => {
  it.each([
    ['undefined', undefined, 'policy_undefined'],
    ['no object', '"allow"', 'policy_undefined'],
    ['null', 'null', 'policy_undefined'],
    ['an object without a true rule', '{}', 'no_rule_allowed'],
    ['a rule of an unknown name', '{"allow":true,"allowed":true}', 'policy_result_invalid'],
    ['no JSON', '{"allow":tr', 'policy_error'],
  ])('when the runtime gives %s', (_what, result, id) => {
    expect(ask(() => result).answer).toMatchObject({ effect: 'deny', reasons: [{ id }] })
  })

  it('when the runtime throws, and the error is told with its cause', () => {
    const cause = new TypeError('broken')
    const { answer, errors } = ask(() => {
      throw cause
    })
    expect(answer).toMatchObject({ effect: 'deny', reasons: [{ id: 'policy_error' }] })
    expect(errors).toEqual([expect.any(LeluError)])
    expect(errors[0]).toMatchObject({ code: 'LELU_POLICY_FAILED', cause })
  })
})

it('many different answers are each read as they are', () => {
  let round = 0
  const evaluate = createEvaluate({
    runtime: {
      evaluate: () => `{"deny":["reason_${round}"],"obligations":[]}`,
      memoryBytes: () => 0,
    },
    inputPaths: 'all',
    obligations: [],
  })
  for (round = 0; round < 1000; round++) {
    expect(evaluate(inputOf()).reasons).toEqual([
      { id: `reason_${round}`, message: `reason_${round}` },
    ])
  }
})
