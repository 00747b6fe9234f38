import type { ConfidenceSignal } from '@lelu/confidence'
import { expect, it, vi } from 'vitest'
import { testEngine, trade } from '../support.ts'

const sure: ConfidenceSignal = { method: 'external', trust: 'adapter', value: 0.95, score: null }
const { confidence: _left, ...request } = trade(0)

it('hooks that are methods of a class are called like any other', async () => {
  const lelu = await testEngine()
  class Hooks {
    readonly #signal = sure
    readonly heard: unknown[] = []
    confidence() {
      return this.#signal
    }
    allowed(input: unknown) {
      this.heard.push(input)
    }
  }
  const hooks = new Hooks()
  const outcome = await lelu.guard(request, () => 'bought', hooks)
  expect(outcome).toMatchObject({ status: 'executed', decision: { confidence: 0.95 } })
  expect(hooks.heard).toEqual([request.call.input])
})

it('a signal in the place of the hook is refused with where it belongs', async () => {
  const lelu = await testEngine()
  const tool = vi.fn()
  await expect(lelu.guard(request, tool, { confidence: sure as never })).rejects.toMatchObject({
    code: 'LELU_REQUEST_INVALID',
    help: expect.stringContaining('of the request'),
    details: { path: 'hooks.confidence' },
  })
  expect(tool).not.toHaveBeenCalled()
})
