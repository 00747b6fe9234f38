import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lock } from '../../src/folder/lock.ts'
import { thisProcess } from '../../src/folder/owner.ts'
import { temporaryFolder } from '../support.ts'

const dead = () => JSON.stringify({ ...thisProcess(), pid: 2 ** 22 - 3, started: '1' })

function place() {
  const folder = temporaryFolder()
  return { folder, path: join(folder, 'one.json') }
}

describe('a lock', () => {
  it('is held by one at a time, and leaves nothing behind', async () => {
    const { folder, path } = place()
    const release = await lock(path)
    expect(release).toBeDefined()
    expect(await lock(path)).toBeUndefined()
    await release?.()
    const again = await lock(path)
    expect(again).toBeDefined()
    await again?.()
    expect(readdirSync(folder)).toEqual([])
  })

  it('is got by one of many that ask at once', async () => {
    const { path } = place()
    const got = await Promise.all(Array.from({ length: 30 }, () => lock(path)))
    expect(got.filter((release) => release !== undefined)).toHaveLength(1)
  })

  it('of a dead process is taken over by one of many, and never twice', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { folder, path } = place()
      writeFileSync(path, dead())
      const got = await Promise.all(Array.from({ length: 12 }, () => lock(path)))
      const releases = got.filter((release) => release !== undefined)
      expect(releases).toHaveLength(1)
      expect(readFileSync(path, 'utf8')).toContain(`"pid":${process.pid}`)
      await releases[0]?.()
      expect(readdirSync(folder)).toEqual([])
    }
  })

  it('of a dead process is taken over though another died while it did so', async () => {
    const { folder, path } = place()
    writeFileSync(path, dead())
    const taking = await lock(path)
    await taking?.()
    writeFileSync(path, dead())
    const { hash } = await import('node:crypto')
    const guard = `${path}.${hash('sha256', readFileSync(path, 'utf8'), 'hex').slice(0, 16)}`
    writeFileSync(guard, dead())
    const release = await lock(path)
    expect(release).toBeDefined()
    await release?.()
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    ['of another machine', JSON.stringify({ ...thisProcess(), machine: 'another' })],
    ['that is no lock', 'x'],
  ])('%s stays', async (_, text) => {
    const { path } = place()
    writeFileSync(path, text)
    expect(await lock(path)).toBeUndefined()
    expect(readFileSync(path, 'utf8')).toBe(text)
  })
})
