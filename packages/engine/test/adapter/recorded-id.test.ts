import { expect, test } from 'vitest'
import { recordedId } from '../../src/adapter/index.ts'

test('an id of up to 256 characters is recorded as it is', () => {
  for (const id of ['call_1', 'x'.repeat(256), '']) expect(recordedId(id)).toBe(id)
})

test('a longer one is recorded by its digest, another for every id', () => {
  const ids = ['1', '2'].map((end) => recordedId(`${'x'.repeat(5000)}${end}`))
  expect(new Set(ids).size).toBe(2)
  for (const id of ids) expect(id).toMatch(/^sha256:[\w-]{43}$/)
})

test('no call takes the record of a long id by giving its digest as its own', () => {
  const digest = recordedId('x'.repeat(257))
  expect(recordedId(digest)).not.toBe(digest)
})

test('what the engine refuses is handed to it as it is', () => {
  const broken = `${'x'.repeat(300)}\ud800`
  expect(recordedId(broken)).toBe(broken)
  expect(recordedId(7 as never)).toBe(7)
})
