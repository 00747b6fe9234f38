import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readStateKey } from '../../src/server/state-key.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lelu-state-key-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

describe('the key that protects requestState', () => {
  it('is made once, for whoever asks at the same time, and for nobody else to read', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => readStateKey(directory)))
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
    expect(keys[0]).toHaveLength(32)
    expect((await readStateKey(directory)).equals(keys[0] as Buffer)).toBe(true)
    expect((await stat(join(directory, 'keys/mcp-state.key'))).mode & 0o777).toBe(0o600)
    expect(await readdir(join(directory, 'keys'))).toEqual(['mcp-state.key'])
  })

  it('is refused when it was cut short, instead of being replaced', async () => {
    await readStateKey(directory)
    await writeFile(join(directory, 'keys/mcp-state.key'), 'c2hvcnQ')
    await expect(readStateKey(directory)).rejects.toMatchObject({ code: 'LELU_KEYS_INVALID' })
  })
})
