import { expect, test } from 'vitest'
import { keptSignals } from '../src/kept-signals.ts'

const answered = { toolCallId: 'a', toolName: 'trade', signal: undefined, aborted: undefined }

test('a call without arguments is found by its stamp, for a model may leave the text out', () => {
  const kept = keptSignals()
  const stamp = kept.keep({ ...answered, text: ' ' })
  const call = { toolCallId: 'a', toolName: 'trade', input: {}, providerMetadata: stamp }
  expect(kept.take(call)).toMatchObject({ toolCallId: 'a' })
})

test('signals of calls that are never decided do not pile up', () => {
  const kept = keptSignals()
  const stamps = Array.from({ length: 4097 }, () => kept.keep({ ...answered, text: '{}' }))
  const take = (index: number) =>
    kept.take({ ...answered, input: {}, providerMetadata: { ...stamps[index] } })
  expect(take(0)).toBeUndefined()
  expect(take(1)).toBeDefined()
  expect(take(4096)).toBeDefined()
})
