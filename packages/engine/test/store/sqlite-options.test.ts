import { expect, it } from 'vitest'
import { sqliteStore } from '../../src/index.ts'
import { temporaryFolder } from '../support.ts'

it.each([
  ['no options', undefined],
  ['no path', {}],
  ['an empty path', { path: '' }],
  ['a path with a zero character', { path: 'a\0.db' }],
  ['a URL', { path: new URL('file:///tmp/approvals.db') }],
  ['a waiting time that is no number', { path: 'a.db', busyTimeoutMs: Number.NaN }],
  ['a waiting time of a text', { path: 'a.db', busyTimeoutMs: '200' }],
  ['a waiting time below zero', { path: 'a.db', busyTimeoutMs: -1 }],
])(
  'an SQLite store with %s is refused as what it is, and not as a database that is away',
  (_what, options) => {
    expect(() => sqliteStore(options as never)).toThrow(
      expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }),
    )
  },
)

it('an SQLite store may wait for nobody', async () => {
  await sqliteStore({ path: `${temporaryFolder()}/a.db`, busyTimeoutMs: 0 }).disconnect()
})
