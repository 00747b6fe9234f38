import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openSigningKeys, rotateSigningKey } from '../../src/sign/signing-keys.ts'
import { parseCheckpoint, signCheckpoint } from '../../src/tlog/checkpoint.ts'
import { parseVkey } from '../../src/tlog/keys.ts'
import { parseKeyFile, successorsOf } from '../../src/tlog/rotation.ts'
import {
  checkTrust,
  operatorPolicy,
  parseTrustPolicy,
  withSuccessors,
} from '../../src/tlog/trust-policy.ts'
import { temporaryFolder } from '../support.ts'
import { checkpointOf, leavesOf, log, newMldsaKey, vkeyOf } from '../tlog/support.ts'

const hour = 60 * 60 * 1000
const files = (folder: string) => readdirSync(folder).sort()
const keyFile = (folder: string, number = 1) => join(folder, `signing-keys.${number}.json`)
const missing = newMldsaKey === undefined ? ' (skipped: this Node has no ML-DSA)' : ''

/** A folder that does not exist yet, and options with a clock that tests move. */
function fresh() {
  const clock = { time: Date.UTC(2027, 0, 1) }
  const folder = join(temporaryFolder(), 'keys')
  return { clock, folder, options: { folder, log, now: () => clock.time } }
}

const signedBy = (keys: Awaited<ReturnType<typeof openSigningKeys>>) => {
  const text = signCheckpoint(checkpointOf(leavesOf(3)), keys.signers(), 1)
  return parseCheckpoint(text) ?? expect.fail('no checkpoint')
}

describe('the signing keys of a log', () => {
  it('are made once, so that only their owner can read them, and found again', async () => {
    const { folder, options } = fresh()
    const first = await openSigningKeys(options)
    expect(files(folder)).toEqual(['signing-keys.1.json'])
    expect(statSync(keyFile(folder)).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const again = await openSigningKeys(options)
    expect(again.operator).toBe(first.operator)
    expect(again.signers()[0]?.privateKey.equals(first.signers()[0]?.privateKey as never)).toBe(
      true,
    )
  })

  it('are the same for all processes that start together', async () => {
    const { folder, options } = fresh()
    const all = await Promise.all(Array.from({ length: 16 }, () => openSigningKeys(options)))
    expect(new Set(all.map(({ operator }) => operator)).size).toBe(1)
    expect(files(folder)).toEqual(['signing-keys.1.json'])
  })

  it('sign checkpoints that are trusted by the operator key that they name', async () => {
    const { options } = fresh()
    const keys = await openSigningKeys(options)
    const policy = parseTrustPolicy(operatorPolicy(keys.operator))
    expect(checkTrust(policy, signedBy(keys)).trusted).toBe(true)
    const [file, ...more] = keys.publicFiles()
    expect(more).toEqual([])
    expect(file).toEqual({
      name: parseVkey(keys.operator).id.toString('hex'),
      text: `${keys.operator}\n`,
    })
  })

  it('are stored as Go stores a signer', async () => {
    const { folder, options } = fresh()
    const keys = await openSigningKeys(options)
    const { keys: stored } = JSON.parse(readFileSync(keyFile(folder), 'utf8'))
    const signer = keys.signers()[0] ?? expect.fail('no signer')
    const id = parseVkey(vkeyOf(log, 1, signer.privateKey)).id.toString('hex')
    const seed = signer.privateKey.export({ format: 'jwk' }).d ?? ''
    const bytes = Buffer.concat([Buffer.of(1), Buffer.from(seed, 'base64url')])
    expect(stored).toEqual([{ key: `PRIVATE+KEY+${log}+${id}+${bytes.toString('base64')}` }])
  })

  it.skipIf(process.platform === 'win32')('are refused when others can read them', async () => {
    const { folder, options } = fresh()
    await openSigningKeys(options)
    chmodSync(keyFile(folder), 0o640)
    await expect(openSigningKeys(options)).rejects.toMatchObject({
      code: 'LELU_AUDIT_KEYS_UNUSABLE',
      message: expect.stringMatching(/mode 640.*chmod 600/),
    })
  })

  const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXM='
  it.each<[string, (text: string) => string]>([
    ['not JSON', () => `PRIVATE+KEY+x+${secret}`],
    ['empty', () => ''],
    ['null', () => 'null'],
    ['of another version', (text) => text.replace('"v": 1', '"v": 2')],
    ['without keys', (text) => text.replace(/"keys": \[[^\]]*\]/, '"keys": []')],
    ['of another log', (text) => text.replaceAll(log, 'example.com/other')],
    [
      'of a key of another id',
      (text) => text.replace(/(lelu\+)[0-9a-f]{8}(\+AQ|\+AR|\+A[a-zA-Z])/, '$100000000$2'),
    ],
    ['of a key cut short', (text) => text.replace(/.{8}"/, '"')],
    ['of a key that is no key', (text) => text.replace(/"key": "[^"]*"/, `"key": "${secret}"`)],
  ])('are refused when their file is %s, and nothing of it is shown', async (_, change) => {
    const { folder, options } = fresh()
    const { operator } = await openSigningKeys(options)
    const text = readFileSync(keyFile(folder), 'utf8')
    const other = change(text)
    expect(other).not.toBe(text)
    writeFileSync(keyFile(folder), other)
    const open = async () => (await openSigningKeys(options)).signers()
    const error = await open().then(
      () => expect.fail('it was opened'),
      (reason: Error & { code: string; help: string }) => reason,
    )
    expect(error).toMatchObject({ code: 'LELU_AUDIT_KEYS_UNUSABLE', help: expect.any(String) })
    expect(`${error.stack}${JSON.stringify(error)}${error.cause}`).not.toContain(
      secret.slice(0, 12),
    )
    expect(operator).toContain(log)
  })

  it('are refused when the active key is not the one that is published', async () => {
    const [a, b] = [fresh(), fresh()]
    await Promise.all([openSigningKeys(a.options), openSigningKeys(b.options)])
    const [mine, other] = [a, b].map(({ folder }) =>
      JSON.parse(readFileSync(keyFile(folder), 'utf8')),
    )
    writeFileSync(keyFile(a.folder), JSON.stringify({ ...mine, keys: other.keys }))
    const keys = await openSigningKeys(a.options)
    expect(() => keys.signers()).toThrow(
      expect.objectContaining({ code: 'LELU_AUDIT_KEYS_UNUSABLE' }),
    )
  })

  it('are refused when their folder is a file', async () => {
    const { folder, options } = fresh()
    writeFileSync(folder, '')
    await expect(openSigningKeys(options)).rejects.toMatchObject({
      code: 'LELU_AUDIT_KEYS_UNUSABLE',
    })
  })

  it('take nothing from files of other names', async () => {
    const { folder, options } = fresh()
    const { operator } = await openSigningKeys(options)
    for (const name of ['signing-keys.02.json', 'signing-keys.2.json.bak', '.signing-keys.abc']) {
      writeFileSync(join(folder, name), 'PRIVATE')
    }
    mkdirSync(join(folder, 'archive'))
    expect((await openSigningKeys(options)).operator).toBe(operator)
  })
})

describe('a rotation of the signing key', () => {
  it('is taken up by a process that runs, and both keys sign for 24 hours', async () => {
    const { clock, folder, options } = fresh()
    const keys = await openSigningKeys(options)
    const before = keys.operator
    expect(await keys.reload()).toBe(false)
    const rotation = await rotateSigningKey(options)
    expect(rotation).toEqual({
      operator: expect.any(String),
      replaced: before,
      until: new Date(clock.time + 24 * hour),
    })
    expect(keys.operator).toBe(before)
    expect(await keys.reload()).toBe(true)
    expect(await keys.reload()).toBe(false)
    expect(keys.operator).toBe(rotation.operator)
    expect(files(folder)).toEqual(['signing-keys.2.json'])

    const [old, young] = [before, rotation.operator].map((vkey) =>
      parseTrustPolicy(operatorPolicy(vkey)),
    )
    if (old === undefined || young === undefined) return expect.fail('no policies')
    expect(keys.signers()).toHaveLength(2)
    expect(checkTrust(old, signedBy(keys)).trusted).toBe(true)
    expect(checkTrust(young, signedBy(keys)).trusted).toBe(true)
    clock.time += 24 * hour
    expect(keys.signers()).toHaveLength(1)
    expect(checkTrust(old, signedBy(keys)).trusted).toBe(false)
    expect(checkTrust(young, signedBy(keys)).trusted).toBe(true)
  })

  it('publishes statements that lead from the first key to the newest', async () => {
    const { clock, folder, options } = fresh()
    const first = (await openSigningKeys(options)).operator
    for (let round = 0; round < 3; round += 1) {
      clock.time += 20 * hour
      await rotateSigningKey(options)
    }
    const keys = await openSigningKeys(options)
    const published = keys.publicFiles().map(({ name, text }) => {
      const file = parseKeyFile(text) ?? expect.fail('no key file')
      expect(file.operator.id.toString('hex')).toBe(name)
      return file
    })
    expect(published).toHaveLength(4)
    clock.time += 24 * hour
    const policy = withSuccessors(parseTrustPolicy(operatorPolicy(first)), (key) =>
      successorsOf(key, published),
    )
    expect(checkTrust(policy, signedBy(keys)).trusted).toBe(true)
    // Keys whose day is over are erased with the next rotation.
    const { keys: stored } = JSON.parse(readFileSync(keyFile(folder, 4), 'utf8'))
    expect(stored).toHaveLength(3)
  })

  it('is made by one of two that rotate together; the other one is told', async () => {
    const { options } = fresh()
    await openSigningKeys(options)
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => rotateSigningKey(options)),
    )
    const made = results.filter(({ status }) => status === 'fulfilled').length
    const keys = await openSigningKeys(options)
    expect(made).toBeGreaterThan(0)
    expect(keys.publicFiles()).toHaveLength(1 + made)
    for (const result of results) {
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({ code: 'LELU_AUDIT_KEYS_UNUSABLE' })
      }
    }
  })

  it('needs keys that are there, and that can be used', async () => {
    const { folder, options } = fresh()
    await expect(rotateSigningKey(options)).rejects.toThrow(/no keys yet/)
    await openSigningKeys(options)
    const text = readFileSync(keyFile(folder), 'utf8')
    writeFileSync(keyFile(folder), text.replace(/.{8}"/, '"'))
    await expect(rotateSigningKey(options)).rejects.toMatchObject({
      code: 'LELU_AUDIT_KEYS_UNUSABLE',
    })
    expect(files(folder)).toEqual(['signing-keys.1.json'])
  })

  it('goes unseen while the folder is gone: the open log goes on with its keys', async () => {
    const { folder, options } = fresh()
    const keys = await openSigningKeys(options)
    rmSync(folder, { recursive: true })
    expect(await keys.reload()).toBe(false)
    expect(keys.signers()).toHaveLength(1)
  })
})

describe('post-quantum signing keys', () => {
  it.skipIf(newMldsaKey === undefined)(
    `sign beside Ed25519, and stay with a rotation${missing}`,
    async () => {
      const { options } = fresh()
      const keys = await openSigningKeys({ ...options, postQuantum: true })
      const vkey = keys.publicFiles()[0]?.text.split('\n')[1] ?? ''
      const policy = parseTrustPolicy(`witness later ${vkey}\nquorum later\n`)
      expect(checkTrust(policy, signedBy(keys))).toMatchObject({ trusted: true })
      await rotateSigningKey(options)
      const rotated = await openSigningKeys({ ...options, postQuantum: true })
      expect(rotated.signers().map(({ mldsa }) => mldsa?.asymmetricKeyType)).toEqual([
        'ml-dsa-44',
        'ml-dsa-44',
      ])
      expect(parseKeyFile(rotated.publicFiles()[1]?.text ?? '')).toMatchObject({
        mldsa: { type: 6 },
      })
    },
  )

  it.skipIf(newMldsaKey === undefined)(
    `are asked for in vain where the log has none, until a rotation makes them${missing}`,
    async () => {
      const { options } = fresh()
      await openSigningKeys(options)
      await expect(openSigningKeys({ ...options, postQuantum: true })).rejects.toThrow(/rotate/)
      await rotateSigningKey({ ...options, postQuantum: true })
      await expect(openSigningKeys({ ...options, postQuantum: true })).resolves.toBeDefined()
    },
  )

  it.skipIf(newMldsaKey !== undefined)(
    'are refused by a Node that has no ML-DSA (tested where that is so)',
    async () => {
      const { options } = fresh()
      await expect(openSigningKeys({ ...options, postQuantum: true })).rejects.toMatchObject({
        code: 'LELU_AUDIT_KEY_UNSUPPORTED',
      })
    },
  )
})
