import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openSigningKeys, rotateSigningKey } from '../../src/sign/signing-keys.ts'
import { parseKeyFile, successorsOf } from '../../src/tlog/rotation.ts'
import {
  checkTrust,
  operatorPolicy,
  parseTrustPolicy,
  withSuccessors,
} from '../../src/tlog/trust-policy.ts'
import { newMldsaKey } from '../tlog/support.ts'
import { files, fresh, keyFile, signedBy } from './support.ts'

const hour = 60 * 60 * 1000
const missing = newMldsaKey === undefined ? ' (skipped: this Node has no ML-DSA)' : ''

describe('a rotation of the signing key', () => {
  it('is taken up by a process that runs, and both keys sign for 24 hours', async () => {
    const { clock, folder, options } = fresh()
    const keys = await openSigningKeys(options)
    const before = keys.operator
    expect(keys.signers()).toHaveLength(1)
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

  it('is not taken back by an older file', async () => {
    const { folder, options } = fresh()
    const keys = await openSigningKeys(options)
    const older = readFileSync(keyFile(folder))
    await rotateSigningKey(options)
    await keys.reload()
    const { operator } = keys
    rmSync(keyFile(folder, 2))
    writeFileSync(keyFile(folder), older, { mode: 0o600 })
    expect(await keys.reload()).toBe(false)
    expect(keys.operator).toBe(operator)
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
