import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { lock } from '../../src/folder/lock.ts'
import { temporaryFolder } from '../support.ts'

vi.mock(import('node:fs/promises'), async (original) => ({
  ...(await original()),
  link: async () => {
    throw Object.assign(new Error('link'), { code: 'EPERM' })
  },
}))

it('a file system that has no links has locks all the same, each held by one', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'one.json')
  const got = await Promise.all(Array.from({ length: 30 }, () => lock(path)))
  const releases = got.filter((release) => release !== undefined)
  expect(releases).toHaveLength(1)
  await releases[0]?.()
  expect(readdirSync(folder)).toEqual([])
})
