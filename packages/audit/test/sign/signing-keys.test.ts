import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importKeys, newKeyRing, withNewKey } from '../../src/sign/key-ring.ts'
import { openSigningKeys, rotateSigningKey } from '../../src/sign/signing-keys.ts'
import { parseVkey } from '../../src/tlog/keys.ts'
import { checkTrust, operatorPolicy, parseTrustPolicy } from '../../src/tlog/trust-policy.ts'
import { log, vkeyOf } from '../tlog/support.ts'
import { files, fresh, keyFile, signedBy } from './support.ts'

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
    await expect(rotateSigningKey(a.options)).rejects.toMatchObject({
      code: 'LELU_AUDIT_KEYS_UNUSABLE',
    })
    const keys = await openSigningKeys(a.options)
    expect(() => keys.signers()).toThrow(
      expect.objectContaining({ code: 'LELU_AUDIT_KEYS_UNUSABLE' }),
    )
  })

  it('are refused under the name of another log', async () => {
    const { options } = fresh()
    await openSigningKeys(options)
    await expect(openSigningKeys({ ...options, log: 'example.com/other' })).rejects.toThrow(
      /example\.com\/lelu.*example\.com\/other/,
    )
  })

  it('are refused when a replaced key is that of another log', () => {
    const ring = withNewKey(newKeyRing(log, false), false, new Date(0), new Date(1))
    expect(importKeys(ring)).toHaveLength(2)
    const [active] = ring.keys
    const [foreign] = newKeyRing('example.com/other', false).keys
    if (active === undefined || foreign === undefined) return expect.fail('no keys')
    expect(() => importKeys({ ...ring, keys: [active, foreign] })).toThrow(/another name/)
  })

  it.skipIf(process.platform === 'win32')(
    'take a folder that others may list for themselves',
    async () => {
      const { folder, options } = fresh()
      mkdirSync(folder)
      chmodSync(folder, 0o755)
      await openSigningKeys(options)
      expect(statSync(folder).mode & 0o777).toBe(0o700)
    },
  )

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
