import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  approvalStates,
  assertTransition,
  isApprovalState,
  mayBecome,
  mayRunAgain,
} from '../../src/approvals/state.ts'

const state = fc.constantFrom(...approvalStates)

describe('the states of an approval', () => {
  it('know the ten words and no inherited name', () => {
    expect(approvalStates).toHaveLength(10)
    for (const word of ['__proto__', 'constructor', 'toString', '', null, 7, ['pending']])
      expect(isApprovalState(word)).toBe(false)
  })

  it('never leave an end, whatever is tried', () => {
    const ends = ['denied', 'expired', 'cancelled', 'revoked', 'completed', 'failed'] as const
    fc.assert(fc.property(fc.constantFrom(...ends), state, (end, next) => !mayBecome(end, next)))
  })

  it('reach executing only from approved or executing, so never without an approval', () => {
    expect(approvalStates.filter((from) => mayBecome(from, 'executing')).sort()).toEqual([
      'approved',
      'executing',
    ])
    expect(approvalStates.filter((from) => mayBecome(from, 'approved')).sort()).toEqual([
      'approved',
      'pending',
      'unknown',
    ])
    expect(approvalStates.filter((from) => mayBecome(from, 'completed')).sort()).toEqual([
      'executing',
      'unknown',
    ])
  })

  it('are walked only along the table: an illegal step throws and names the current state', () => {
    fc.assert(
      fc.property(state, state, (from, to) => {
        const step = () => assertTransition('apr_1', from, to)
        if (mayBecome(from, to)) {
          step()
          return
        }
        const details = { approval: 'apr_1', state: from }
        expect(step).toThrowError(expect.objectContaining({ code: 'LELU_APPROVAL_STATE', details }))
      }),
    )
  })

  it('let only a call that does no harm twice run again', () => {
    expect(
      ['read', 'idempotent', 'non_idempotent'].map((effect) => mayRunAgain(effect as never)),
    ).toEqual([true, true, false])
  })
})
