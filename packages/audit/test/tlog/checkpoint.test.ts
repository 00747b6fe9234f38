import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Checkpoint, parseCheckpoint, signCheckpoint } from '../../src/tlog/checkpoint.ts'
import { parseCheckpointText } from '../../src/tlog/checkpoint-text.ts'
import { formatVkey, parseVkey, rawPublicKey, type SignatureType } from '../../src/tlog/keys.ts'
import { verifySignature } from '../../src/tlog/note.ts'

// The example of C2SP tlog-checkpoint and tlog-cosignature.
const published =
  'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
  '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
  '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n'

const { privateKey } = generateKeyPairSync('ed25519')
const vkeyOf = (name: string, type: SignatureType) =>
  parseVkey(formatVkey(name, type, rawPublicKey(privateKey)))
const checkpoint: Checkpoint = { origin: 'example.com/lelu/s1', size: 7, root: Buffer.alloc(32, 9) }
const signed = signCheckpoint(checkpoint, [{ name: 'example.com/lelu', privateKey }], 1_800_000_000)

describe('a checkpoint', () => {
  it('is read as C2SP publishes it', () => {
    expect(parseCheckpoint(published)).toMatchObject({
      origin: 'example.com/behind-the-sofa',
      size: 20_852_163,
      signatures: [{ name: 'example.com/behind-the-sofa' }, { name: 'witness.example.com/w1' }],
    })
  })

  it('carries a signature as its origin, and one as the log with the time', () => {
    const { note, signatures, ...rest } = parseCheckpoint(signed) ?? expect.fail('no checkpoint')
    expect(rest).toEqual(checkpoint)
    const [first, second, ...more] = signatures
    if (first === undefined || second === undefined) return expect.fail('no signatures')
    expect(more).toEqual([])
    expect(verifySignature(note, first, vkeyOf('example.com/lelu/s1', 1))).toEqual({ ok: true })
    const time = 1_800_000_000
    expect(verifySignature(note, second, vkeyOf('example.com/lelu', 4))).toEqual({ ok: true, time })
  })

  it('is refused with another size, root, origin or time', () => {
    const { note, signatures } = parseCheckpoint(signed) ?? expect.fail('no checkpoint')
    const [first, second] = signatures
    if (first === undefined || second === undefined) return expect.fail('no signatures')
    const [plain, timed] = [vkeyOf('example.com/lelu/s1', 1), vkeyOf('example.com/lelu', 4)]
    for (const other of [
      note.replace('7', '8'),
      note.replace('CQkJ', 'CQkK'),
      note.replace('s1', 's2'),
    ]) {
      expect(other).not.toBe(note)
      expect(verifySignature(other, first, plain)).toEqual({ ok: false })
      expect(verifySignature(other, second, timed)).toEqual({ ok: false })
    }
    const later = Buffer.from(second.bytes)
    later[7] = (later[7] as number) + 1
    expect(verifySignature(note, { ...second, bytes: later }, timed)).toEqual({ ok: false })
    later[0] = 0x80
    expect(verifySignature(note, { ...second, bytes: later }, timed)).toEqual({ ok: false })
    expect(verifySignature(note, { ...second, bytes: later.subarray(1) }, timed)).toEqual({
      ok: false,
    })
  })

  it('is signed by both keys while one takes over from the other', () => {
    const other = generateKeyPairSync('ed25519').privateKey
    const signers = [privateKey, other].map((key) => ({
      name: 'example.com/lelu',
      privateKey: key,
    }))
    const names = parseCheckpoint(signCheckpoint(checkpoint, signers, 1))?.signatures.map(
      ({ name }) => name,
    )
    const both = ['example.com/lelu/s1', 'example.com/lelu']
    expect(names).toEqual([...both, ...both])
  })

  const [origin, size, root] = [
    'example.com/a\n',
    '5\n',
    `${Buffer.alloc(32).toString('base64')}\n`,
  ]
  const line = `\n${signed.slice(signed.indexOf('—'))}`

  it('may have further lines, which are read over', () => {
    expect(parseCheckpoint(`${origin}${size}${root}more\n${line}`)).toMatchObject({ size: 5 })
  })

  it.each([
    ['with no origin', `\n${size}${root}`],
    ['with a zero before its size', `${origin}05\n${root}`],
    ['with a sign before its size', `${origin}+5\n${root}`],
    ['with a size in hexadecimal', `${origin}0x5\n${root}`],
    ['with a size beyond 2^53', `${origin}9007199254740992\n${root}`],
    ['with a size of a thousand digits', `${origin}${'9'.repeat(1000)}\n${root}`],
    ['with no size', `${origin}\n${root}`],
    ['with no root', `${origin}${size}`],
    ['with a root of 31 bytes', `${origin}${size}${Buffer.alloc(31).toString('base64')}\n`],
    ['with a root without padding', `${origin}${size}${root.replace('=', '')}`],
    ['with an empty line at its end', `${origin}${size}${root}\n`],
  ])('is none %s', (_, text) => {
    expect(parseCheckpoint(`${text}${line}`)).toBeUndefined()
  })

  it('is none without the newline at its end', () => {
    expect(parseCheckpointText(`${origin}${size}${root}`)).toBeDefined()
    expect(parseCheckpointText(`${origin}${size}${root}`.slice(0, -1))).toBeUndefined()
  })

  it('is not signed when it is none', () => {
    const signers = [{ name: 'example.com/lelu', privateKey }]
    const sign =
      (wrong: Partial<Checkpoint>, time = 1) =>
      () =>
        signCheckpoint({ ...checkpoint, ...wrong }, signers, time)
    expect(sign({ size: -1 })).toThrow(RangeError)
    expect(sign({ size: 1.5 })).toThrow(RangeError)
    expect(sign({ origin: 'a\nb' })).toThrow(RangeError)
    expect(sign({ root: Buffer.alloc(31) })).toThrow(RangeError)
    expect(sign({}, 1.5)).toThrow(RangeError)
    expect(sign({}, -1)).toThrow(RangeError)
  })
})
