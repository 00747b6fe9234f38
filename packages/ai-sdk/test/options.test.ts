import { expect, test } from 'vitest'
import { createAiGuard } from '../src/index.ts'
import { guardWith, openLelu } from './support.ts'

const subject = { id: 'agent-1', type: 'agent' as const }

test('the name of a model is refused with what to do', async () => {
  const guard = guardWith(await openLelu())
  for (const model of ['openai/gpt-5', undefined, {}]) {
    expect(() => guard.model(model as never)).toThrow(
      expect.objectContaining({
        code: 'LELU_OPTIONS_INVALID',
        help: expect.stringContaining('gateway(id)'),
      }),
    )
  }
})

test('options that are missing, misspelt or wrong are refused with what to do', async () => {
  const lelu = await openLelu()
  const right = { lelu, subject, run: 'chat-1' }
  const wrong: [object, string][] = [
    [{}, 'The option `lelu` is missing.'],
    [{ ...right, run: undefined }, 'The option `run` is missing.'],
    [{ ...right, run: '' }, 'The option `run` is missing.'],
    [{ ...right, subject: undefined }, 'The option `subject` is missing.'],
    [{ ...right, confidense: () => undefined }, 'There is no option `confidense`.'],
    [{ ...right, mode: 'ask' }, 'There is no mode `ask`.'],
    [{ ...right, lelu: { ...lelu, decide: undefined } }, 'The option `lelu` is not an engine.'],
  ]
  for (const [options, message] of wrong) {
    expect(() => createAiGuard(options as never)).toThrow(
      expect.objectContaining({ code: 'LELU_OPTIONS_INVALID', message, help: expect.any(String) }),
    )
  }
  expect(() => createAiGuard(right)).not.toThrow()
})
