import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { lock } from '../../src/folder/lock.ts'
import { thisProcess } from '../../src/folder/owner.ts'
import { temporaryFolder } from '../support.ts'

let judged: (() => void) | undefined

vi.mock(import('../../src/folder/owner.ts'), async (original) => {
  const owner = await original()
  return {
    ...owner,
    stateOf(...args) {
      const state = owner.stateOf(...args)
      judged?.()
      return state
    },
  }
})

describe('a lock that was found dead', () => {
  it('and taken over by another process a moment later is not taken from that one', async () => {
    const path = join(temporaryFolder(), 'one.json')
    const dead = { ...thisProcess(), pid: 2 ** 22 - 3, started: '1' }
    const alive = JSON.stringify({ ...thisProcess(), lock: 'of another process' })
    writeFileSync(path, JSON.stringify(dead))
    judged = () => {
      judged = undefined
      writeFileSync(path, alive)
    }
    expect(await lock(path)).toBeUndefined()
    expect(readFileSync(path, 'utf8')).toBe(alive)
  })
})
