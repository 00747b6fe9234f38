import { sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkpointText, parseCheckpoint, signCheckpoint } from '../../src/tlog/checkpoint.ts'
import { cosign } from '../../src/tlog/cosignature.ts'
import { parseVkey } from '../../src/tlog/keys.ts'
import { verifySignature } from '../../src/tlog/note.ts'
import { parseProof } from '../../src/tlog/proof.ts'
import { checkpointOf, leavesOf, log, newKey, newMldsaKey, origin, verifierOf } from './support.ts'

// Keys, checkpoint and proof that github.com/transparency-dev/formats v0.1.1 has made and signed.
const foreign = JSON.parse(
  readFileSync(new URL('./cosigned-by-go.json', import.meta.url), 'utf8'),
) as { vkeys: [string, string, string]; checkpoint: string; proof: string }

const withoutMldsa = newMldsaKey === undefined
const missing = withoutMldsa ? ' (skipped: this Node has no ML-DSA)' : ''

describe('a cosignature', () => {
  describe.each([
    [1, 'example.com/lelu/stream-1'],
    [4, 'example.com/lelu'],
    [6, 'example.com/lelu'],
  ] as const)('of the type %i', (type, name) => {
    const skip = type === 6 && withoutMldsa
    it.skipIf(skip)(
      `by Go is verified, and refused over another size${skip ? missing : ''}`,
      () => {
        const { note, signatures } =
          parseCheckpoint(foreign.checkpoint) ?? expect.fail('no checkpoint')
        const key = foreign.vkeys.map(parseVkey).find((one) => one.type === type)
        if (key === undefined) return expect.fail('no key')
        expect(key.name).toBe(name)
        const holding = signatures.filter((one) => verifySignature(note, one, key).ok)
        expect(holding).toHaveLength(1)
        const other = note.replace('1234567', '1234568')
        expect(signatures.some((one) => verifySignature(other, one, key).ok)).toBe(false)
      },
    )
  })

  it('reads a key of a public witness, as its operator writes it', () => {
    const vkey = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2'
    expect(parseVkey(vkey)).toMatchObject({ name: 'remora.n621.de', type: 4 })
  })

  it('covers every line of the checkpoint with Ed25519', () => {
    const key = newKey()
    const text = `${checkpointText(checkpointOf(leavesOf(3)))}more\n`
    const signature = cosign(text, log, key, 5)
    const verifier = verifierOf(log, 4, key)
    expect(verifySignature(text, signature, verifier)).toEqual({ ok: true, time: 5 })
    expect(verifySignature(text.replace('more', 'less'), signature, verifier).ok).toBe(false)
    expect(() => cosign('no checkpoint\n', log, key, 5)).toThrow(RangeError)
  })

  it.skipIf(withoutMldsa)(
    `is made with ML-DSA-44 too, and binds name, time, origin, size and root${missing}`,
    () => {
      const [privateKey, mldsa] = [newKey(), newMldsaKey?.() ?? expect.fail()]
      const signed = signCheckpoint(
        checkpointOf(leavesOf(3)),
        [{ name: log, privateKey, mldsa }],
        7,
      )
      const { note, signatures } = parseCheckpoint(signed) ?? expect.fail('no checkpoint')
      expect(signatures.map(({ name }) => name)).toEqual([origin, log, log])
      const third = signatures[2] ?? expect.fail()
      const key = verifierOf(log, 6, mldsa)
      expect(verifySignature(note, third, key)).toEqual({ ok: true, time: 7 })
      const renamed = { ...third, name: 'other', id: verifierOf('other', 6, mldsa).id }
      expect(verifySignature(note, renamed, verifierOf('other', 6, mldsa)).ok).toBe(false)
      const later = Buffer.from(third.bytes)
      later[7] = 8
      expect(verifySignature(note, { ...third, bytes: later }, key).ok).toBe(false)
      for (const other of [note.replace('-1', '-2'), note.replace('\n3\n', '\n4\n')]) {
        expect(other).not.toBe(note)
        expect(verifySignature(other, third, key).ok).toBe(false)
      }
      expect(verifySignature(note, { ...third, bytes: third.bytes.subarray(1) }, key).ok).toBe(
        false,
      )
    },
  )

  it.skipIf(withoutMldsa)(
    `with ML-DSA-44 is refused where lines stand that it does not cover${missing}`,
    () => {
      const mldsa = newMldsaKey?.() ?? expect.fail()
      const text = checkpointText(checkpointOf(leavesOf(3)))
      const signature = cosign(text, log, mldsa, 7)
      expect(verifySignature(text, signature, verifierOf(log, 6, mldsa)).ok).toBe(true)
      expect(verifySignature(`${text}more\n`, signature, verifierOf(log, 6, mldsa)).ok).toBe(false)
      expect(() => cosign(`${text}more\n`, log, mldsa, 7)).toThrow(RangeError)
    },
  )

  it('at a time that no number here holds exactly is refused', () => {
    const key = newKey()
    const text = checkpointText(checkpointOf(leavesOf(3)))
    for (const [time, ok] of [
      [2n ** 53n - 1n, true],
      [2n ** 53n, false],
    ] as const) {
      const stamp = Buffer.alloc(8)
      stamp.writeBigUInt64BE(time)
      const message = Buffer.from(`cosignature/v1\ntime ${time}\n${text}`)
      const bytes = Buffer.concat([stamp, sign(null, message, key)])
      const verifier = verifierOf(log, 4, key)
      const signature = { name: log, id: verifier.id, bytes }
      expect(verifySignature(text, signature, verifier).ok).toBe(ok)
      const unusable = { ...verifier, publicKey: undefined }
      expect(verifySignature(text, signature, unusable)).toEqual({ ok: false })
    }
  })

  it.skipIf(withoutMldsa)(`with ML-DSA-44 has no room for names above 255 bytes${missing}`, () => {
    const mldsa = newMldsaKey?.() ?? expect.fail()
    const checkpoint = checkpointOf(leavesOf(3))
    const text = (length: number) => checkpointText({ ...checkpoint, origin: 'o'.repeat(length) })
    expect(() => cosign(text(255), 'n'.repeat(255), mldsa, 7)).not.toThrow()
    expect(() => cosign(text(256), log, mldsa, 7)).toThrow(RangeError)
    expect(() => cosign(text(9), 'n'.repeat(256), mldsa, 7)).toThrow(RangeError)
  })

  it.skipIf(withoutMldsa)(
    `with ML-DSA-44 and the time 0 says nothing about the time${missing}`,
    () => {
      const mldsa = newMldsaKey?.() ?? expect.fail()
      const text = checkpointText(checkpointOf(leavesOf(3)))
      const signature = cosign(text, log, mldsa, 0)
      expect(verifySignature(text, signature, verifierOf(log, 6, mldsa))).toEqual({ ok: true })
    },
  )

  it.skipIf(!withoutMldsa)(
    'of a type that this Node lacks is like one of an unknown key (tested where that is so)',
    () => {
      const key = parseVkey(foreign.vkeys[2])
      expect(key.publicKey).toBeUndefined()
      const { note, signatures } =
        parseCheckpoint(foreign.checkpoint) ?? expect.fail('no checkpoint')
      expect(signatures.some((one) => verifySignature(note, one, key).ok)).toBe(false)
    },
  )
})

it('a proof that Go has written is read', () => {
  expect(parseProof(foreign.proof)).toMatchObject({
    index: 5,
    extra: Buffer.from('extra'),
    checkpoint: foreign.checkpoint,
  })
})
