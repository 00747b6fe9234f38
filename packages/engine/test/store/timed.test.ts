import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { timedBy } from '../../src/store/timed.ts'

const timed = timedBy(20)

test('what an embedded database has answered is passed on at once', () => {
  expect(timed('row', 'reading')).toBe('row')
  expect(timed(undefined, 'reading')).toBeUndefined()
})

test('what is on its way has a deadline, also where it is a promise of another realm', async () => {
  const late = { code: 'LELU_STORE_UNAVAILABLE', message: expect.stringContaining('(reading)') }
  await expect(timed(new Promise(() => {}), 'reading')).rejects.toMatchObject(late)
  const foreign: Promise<string> = runInNewContext('new Promise(() => {})')
  expect(foreign).not.toBeInstanceOf(Promise)
  await expect(timed(foreign, 'reading')).rejects.toMatchObject(late)
  expect(await timed(Promise.resolve('row'), 'reading')).toBe('row')
})
