import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { sqliteStore } from '../../src/store/sqlite-keyv.ts'

// What Next's bundler puts in the place of a `require` that it cannot follow.
vi.mock('node:module', async (original) => ({
  ...(await original<typeof import('node:module')>()),
  createRequire: (from: string) => (name: string) => {
    throw new Error(`Cannot find module '${name}' from ${from}`)
  },
}))

test('the default store opens where `require` finds nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-bundled-'))
  const store = sqliteStore({ path: join(folder, 'approvals.db') })
  try {
    await expect(store.get('nobody')).resolves.toBeUndefined()
  } finally {
    await store.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
})
