import { expect, test } from 'vitest'
import { checkGuardOptions } from '../../src/adapter/index.ts'
import { testEngine } from '../support.ts'

async function checking(more: object) {
  const subject = { id: 'agent-1', type: 'agent' }
  const lelu = await testEngine()
  return () => checkGuardOptions({ lelu, subject, ...more })
}

test.each([0, -1, 0.5, '60 s', Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
  // Node takes a timer of 2 ** 31 ms and more for one of 1 ms: every reader would be late.
  'no reader is given %j ms',
  async (confidenceMs) => {
    const check = await checking({ confidenceMs })
    expect(check).toThrow('`confidenceMs` must be a whole number from 1 to 2147483647')
  },
)

test('a reader may be given as long as a timer lasts', async () => {
  expect(await checking({ confidenceMs: 2 ** 31 - 1 })).not.toThrow()
})
