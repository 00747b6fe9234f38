import { assert, nat, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatProof, parseProof, verifyProof } from '../../src/tlog/proof.ts'
import { operatorPolicy, parseTrustPolicy } from '../../src/tlog/trust-policy.ts'
import { altered, leavesOf, log, newKey, origin, proofOf, vkeyOf } from './support.ts'

const key = newKey()
const whole = parseTrustPolicy(operatorPolicy(vkeyOf(log, 4, key)))
const oneStream = parseTrustPolicy(`log ${vkeyOf(origin, 1, key)}\nquorum none\n`)
const both = parseTrustPolicy(
  `log ${vkeyOf(origin, 1, key)}\n${operatorPolicy(vkeyOf(log, 4, key))}`,
)
const leafOf = (index: number) => leavesOf(index + 1)[index] as Buffer

describe('a proof of one record', () => {
  it.each([
    ['the operator of the whole log', whole],
    ['the key of one stream', oneStream],
  ])('is verified under %s', (_, policy) => {
    for (const [count, index] of [
      [1, 0],
      [7, 6],
      [40, 13],
    ] as const) {
      const result = verifyProof(proofOf(count, index, [key]), leafOf(index), policy)
      expect(result).toMatchObject({ verified: true, index, checkpoint: { origin, size: count } })
    }
  })

  it('says when the operator signed', () => {
    const { times } = verifyProof(proofOf(5, 2, [key]), leafOf(2), whole)
    expect(times).toEqual([{ witness: 'operator', time: 1_800_000_000 }])
  })

  it('is refused for another record, another place, or under another key', () => {
    const text = proofOf(40, 13, [key])
    expect(verifyProof(text, leafOf(12), whole)).toMatchObject({ verified: false, index: 13 })
    expect(verifyProof(text.replace('index 13', 'index 12'), leafOf(13), whole).verified).toBe(
      false,
    )
    const stranger = parseTrustPolicy(operatorPolicy(vkeyOf(log, 4, newKey())))
    expect(verifyProof(text, leafOf(13), stranger)).toMatchObject({
      verified: false,
      why: expect.stringContaining('operator'),
    })
  })

  it('is refused with any one byte of it altered', () => {
    const text = proofOf(23, 17, [key])
    const leaf = leafOf(17)
    expect(verifyProof(text, leaf, both).verified).toBe(true)
    assert(
      property(nat(), nat(), (at, by) => {
        expect(verifyProof(altered(text, at, by), leaf, both).verified).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps what else is in it, unsigned', () => {
    const { extra: _, ...proof } = parseProof(proofOf(3, 1, [key])) ?? expect.fail('no proof')
    const text = formatProof({ ...proof, extra: Buffer.from('the record\n') })
    expect(text).toMatch(/^c2sp\.org\/tlog-proof@v1\nextra [A-Za-z0-9+/=]+\nindex 1\n/)
    expect(parseProof(text)?.extra).toEqual(Buffer.from('the record\n'))
    expect(verifyProof(text, leafOf(1), whole).verified).toBe(true)
  })

  const text = proofOf(3, 1, [key])
  it.each([
    ['with another first line', text.replace('@v1', '@v2')],
    ['with no index', text.replace('index 1\n', '')],
    ['with a zero before its index', text.replace('index 1', 'index 01')],
    ['with an index below zero', text.replace('index 1', 'index -1')],
    ['with an index of a thousand digits', text.replace('index 1', `index ${'1'.repeat(1000)}`)],
    ['with an index that is a fraction', text.replace('index 1', 'index 1.5')],
    ['with two extra lines', text.replace('index', 'extra AA==\nextra AA==\nindex')],
    ['with an extra line that is not base64', text.replace('index', 'extra AA\nindex')],
    ['with the extra line behind the index', text.replace('index 1\n', 'index 1\nextra AA==\n')],
    [
      'with a hash of 31 bytes',
      text.replace(/\n[^\n]{43}=\n/, `\n${Buffer.alloc(31).toString('base64')}\n`),
    ],
    ['with a hash that is not base64', text.replace(/\n[^\n]{43}=\n/, `\n${'!'.repeat(43)}=\n`)],
    [
      'with more hashes than a tree has levels',
      text.replace(
        'index 1\n',
        `index 1\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(52)}`,
      ),
    ],
    ['with a carriage return', text.replace('\n', '\r\n')],
    ['with two empty lines before the checkpoint', text.replace('\n\n', '\n\n\n')],
    ['with no checkpoint', text.slice(0, text.indexOf('\n\n') + 2)],
    ['with more behind the checkpoint', `${text}more\n`],
    ['that is a checkpoint', text.slice(text.indexOf('\n\n') + 2)],
    ['of millions of bytes', text.replace('index', `extra ${'A'.repeat(2_000_000)}\nindex`)],
    ['that is empty', ''],
  ])('is none %s', (_, wrong) => {
    expect(wrong).not.toBe(text)
    expect(parseProof(wrong)).toBeUndefined()
    expect(verifyProof(wrong, leafOf(1), whole)).toMatchObject({ verified: false, times: [] })
  })

  it('is not written when it could not be read', () => {
    const proof = parseProof(text) ?? expect.fail('no proof')
    expect(() => formatProof({ ...proof, index: 0.5 })).toThrow(RangeError)
    expect(() => formatProof({ ...proof, hashes: [Buffer.alloc(31)] })).toThrow(RangeError)
    expect(() => formatProof({ ...proof, checkpoint: 'none' })).toThrow(RangeError)
  })
})
