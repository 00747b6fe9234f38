import { expect, test } from 'vitest'
import { settleOnce } from '../src/finished.ts'

function counted() {
  let runs = 0
  const run = async () => {
    runs += 1
    return runs
  }
  return (same: string | undefined) => ({ same, run, signal: undefined })
}

test('a call that was answered is not run again, and one that nobody can tell from another is', async () => {
  const settle = settleOnce<number>(() => true)
  const [work, holder] = [counted(), {}]
  expect(await settle(holder, [work('a'), work('a'), work('b')])).toEqual([1, 1, 2])
  expect(await settle(holder, [work(undefined), work(undefined)])).toEqual([3, 4])
  expect(await settle(holder, [work('a'), work(undefined)])).toEqual([1, 5])
  expect(await settle({}, [work('a')])).toEqual([6])
})
