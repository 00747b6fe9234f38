import { expect, it } from 'vitest'
import { marksOfScopes, storedScope, storedScopes } from '../../src/store/postgres-scopes.ts'

const long = `stop:agent:${'字'.repeat(1024)}`

it('stores a scope that fits as it is, and a long one by its digest', () => {
  expect(storedScope('stop:agent:trader-1')).toBe('stop:agent:trader-1')
  expect(storedScope(`stop:agent:${'x'.repeat(1024)}`)).toHaveLength(1035)
  expect(storedScope(long)).toMatch(/^sha256:[0-9a-f]{64}$/)
})

it('gives no scope the mark of another, whatever it is called', () => {
  const digest = storedScope(long)
  expect(storedScope(digest)).not.toBe(digest)
  const found = { [digest]: 5 }
  expect({ ...marksOfScopes(found, ['stop:all', long]) }).toEqual({ [long]: 5 })
})

it('finds a long scope also where it was stored as it is', () => {
  const [plain, digest] = storedScopes([long]) as [string, string]
  expect(plain).toBe(long)
  expect({ ...marksOfScopes({ [plain]: 7 }, [long]) }).toEqual({ [long]: 7 })
  expect({ ...marksOfScopes({ [plain]: 7, [digest]: 5 }, [long]) }).toEqual({ [long]: 7 })
  expect({ ...marksOfScopes({ [plain]: 7, [digest]: 9 }, [long]) }).toEqual({ [long]: 9 })
})
