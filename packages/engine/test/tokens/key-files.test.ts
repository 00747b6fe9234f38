import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createLelu, rotateKeys } from '../../src/index.ts'
import { hasKeyRing, openKeyRing } from '../../src/tokens/key-files.ts'
import { type KeyRingData, newKeyRing } from '../../src/tokens/key-ring.ts'
import { approved, overview, temporaryFolder, testEngine } from '../support.ts'

const dying = fileURLToPath(new URL('./dying-rotation.ts', import.meta.url))
const refused = { code: 'LELU_KEYS_INVALID', help: expect.stringContaining('backup') }

/** Signs with the private half of one key, and says that it is another. */
function withAnotherHalf(text: string): string {
  const ring = JSON.parse(text) as KeyRingData
  const [other] = newKeyRing(0).signing
  const [{ jwk }] = ring.signing as [KeyRingData['signing'][number]]
  return JSON.stringify({ ...ring, signing: [{ ...other, jwk: { ...jwk, x: other?.jwk.x } }] })
}

describe('the key ring file', () => {
  it('is made on first use, for its owner only, and read again afterwards', async () => {
    const folder = join(temporaryFolder(), 'keys')
    const first = await openKeyRing(folder, 1)
    const second = await openKeyRing(folder, 2)
    expect(second.signing[0]?.kid).toBe(first.signing[0]?.kid)
    expect(second.seal[0]?.secret.export()).toEqual(first.seal[0]?.secret.export())
    expect(statSync(join(folder, 'keyring.json')).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  it('is made once by many that start together', async () => {
    const folder = join(temporaryFolder(), 'keys')
    const rings = await Promise.all(Array.from({ length: 10 }, () => openKeyRing(folder, 1)))
    expect(new Set(rings.map((ring) => ring.seal[0]?.kid)).size).toBe(1)
  })

  it('is refused when others can read it', async () => {
    const folder = temporaryFolder()
    await openKeyRing(folder, 1)
    chmodSync(join(folder, 'keyring.json'), 0o644)
    await expect(openKeyRing(folder, 1)).rejects.toMatchObject({
      code: 'LELU_KEYS_INVALID',
      message: expect.stringContaining('chmod 600'),
    })
  })

  it.each([
    ['no JSON', () => '{"v":1, "signing": [SECRET'],
    ['another version', (text: string) => text.replace('"v": 1', '"v": 2')],
    ['no keys', () => '{"v":1,"signing":[],"seal":[]}'],
    ['a key under another id', (text: string) => text.replace(/"kid": "[^"]+"/, '"kid": "other"')],
    ['a short seal', (text: string) => text.replace(/"secret": "[^"]+"/, '"secret": "YQ"')],
    ['the public half of another key', withAnotherHalf],
    ['half a key', (text: string) => text.replace(/"d": "[^"]+"/, '"d": "YQ"')],
    ['nothing', () => ''],
  ])(
    'is refused with %s in it, is not overwritten, and its text is not in the error',
    async (_what, damage) => {
      const folder = temporaryFolder()
      await openKeyRing(folder, 1)
      const file = join(folder, 'keyring.json')
      const damaged = damage(readFileSync(file, 'utf8'))
      writeFileSync(file, damaged)
      const error = await openKeyRing(folder, 1).catch((e: Error) => e)
      expect(error).toMatchObject(refused)
      expect(String(error) + String((error as Error).cause)).not.toMatch(/SECRET/)
      expect(readFileSync(file, 'utf8')).toBe(damaged)
    },
  )

  it('that cannot be made is an error that tells where to put it, and leaves nothing behind', async () => {
    const folder = temporaryFolder()
    const blocker = join(folder, 'blocker')
    writeFileSync(blocker, '')
    const another = {
      code: 'LELU_KEYS_INVALID',
      help: expect.stringMatching(/^(?!.*backup).*pass another `directory`\.$/i),
    }
    expect(() => hasKeyRing(join(blocker, 'keys'))).toThrow(expect.objectContaining(another))
    // A file in the place of the directory, of a folder above it, of the folder of the keys.
    for (const keys of [join(blocker, 'keys'), join(blocker, 'a', 'keys'), blocker])
      await expect(openKeyRing(keys, 1)).rejects.toMatchObject(another)
    expect(readdirSync(folder)).toEqual(['blocker'])
  })
})

describe('a directory whose keys are gone', () => {
  it('is refused while there are approvals that only those keys can open', async () => {
    const directory = temporaryFolder()
    const first = await createLelu({ directory, policies: overview })
    await first.close()
    rmSync(join(directory, 'keys'), { recursive: true })
    await expect(createLelu({ directory, policies: overview })).rejects.toMatchObject({
      code: 'LELU_KEYS_NOT_FOUND',
      help: expect.stringContaining('Restore keys/ from a backup'),
    })
    expect(existsSync(join(directory, 'keys'))).toBe(false)
  })
})

describe('rotation', () => {
  it('signs and seals with the new key, and still takes what the old one made', async () => {
    const directory = temporaryFolder()
    const lelu = await testEngine({ directory })
    const id = await approved(lelu)
    const { token } = await lelu.tokens.mint(id)
    const old = lelu.tokens.jwks().keys[0]?.kid
    await rotateKeys(join(directory, 'keys'))
    const next = await testEngine({ directory })
    expect(next.tokens.jwks().keys.map(({ kid }) => kid)).toEqual([
      expect.not.stringMatching(old ?? ''),
      old,
    ])
    expect(await next.tokens.verify(token)).toMatchObject({ sub: 'user:alice' })
  })

  it('loses no key when several rotate at once: one does, and the others are told', async () => {
    const folder = temporaryFolder()
    await openKeyRing(folder, 1)
    const rotated = await Promise.allSettled([1, 2, 3].map((now) => rotateKeys(folder, now)))
    const kids = rotated.flatMap((one) =>
      one.status === 'fulfilled' ? one.value.seal[0]?.kid : [],
    )
    const refusals = rotated.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    expect(kids.length).toBeGreaterThan(0)
    for (const error of refusals) {
      expect(error).toMatchObject({
        code: 'LELU_KEYS_INVALID',
        help: expect.stringContaining('Try again.'),
      })
    }
    const stored = (await openKeyRing(folder, 1)).seal.map(({ kid }) => kid)
    expect(stored).toEqual(expect.arrayContaining(kids))
    expect(stored).toHaveLength(kids.length + 1)
    expect(readdirSync(folder)).toEqual(['keyring.json'])
    await rotateKeys(folder)
  })

  it('that was killed in the middle leaves nothing in the way of the next one', async () => {
    const folder = temporaryFolder()
    const [before] = (await openKeyRing(folder, 1)).seal
    const killed = spawnSync(process.execPath, ['--conditions=lelu:source', dying, folder])
    expect(killed.signal).toBe('SIGKILL')
    expect((await openKeyRing(folder, 1)).seal.map(({ kid }) => kid)).toEqual([before?.kid])
    const { seal } = await rotateKeys(folder)
    expect(seal.map(({ kid }) => kid)).toEqual([expect.any(String), before?.kid])
  })

  it('reaches an engine that is running: it reads a record sealed with a key it has not seen', async () => {
    const { Keyv } = await import('keyv')
    const store = new Keyv()
    const directory = temporaryFolder()
    const running = await testEngine({ directory, store })
    await rotateKeys(join(directory, 'keys'))
    const id = await approved(await testEngine({ directory, store }))
    expect(await running.resume(id, () => 'ran')).toMatchObject({
      status: 'executed',
      value: 'ran',
    })
  })
})

it('tells whoever rotates the keys of the wrong folder which one is meant', async () => {
  const directory = temporaryFolder()
  await openKeyRing(join(directory, 'keys'), 1)
  await expect(rotateKeys(directory)).rejects.toMatchObject({
    code: 'LELU_KEYS_INVALID',
    help: expect.stringContaining('.lelu/keys'),
  })
})
