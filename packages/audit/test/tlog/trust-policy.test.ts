import type { KeyObject } from 'node:crypto'
import { assert, nat, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkpointText, parseCheckpoint, signCheckpoint } from '../../src/tlog/checkpoint.ts'
import { cosign } from '../../src/tlog/cosignature.ts'
import { formatNote, signNote } from '../../src/tlog/note.ts'
import { checkTrust, operatorPolicy, parseTrustPolicy } from '../../src/tlog/trust-policy.ts'
import { altered, checkpointOf, leavesOf, log, newKey, origin, vkeyOf } from './support.ts'

const checkpoint = checkpointOf(leavesOf(9))
const text = checkpointText(checkpoint)
const operator = newKey()
const [a, b, c, d] = [newKey(), newKey(), newKey(), newKey()]
const named = { a, b, c, d }
type Name = keyof typeof named

/** The log's own checkpoint with the cosignatures of some witnesses. */
function cosigned(...names: Name[]) {
  const cosignatures = names.map((name) => cosign(text, `w.example/${name}`, named[name], 5))
  const note = formatNote(text, [signNote(text, origin, operator), ...cosignatures])
  return parseCheckpoint(note) ?? expect.fail('no checkpoint')
}

const logLine = `log ${vkeyOf(origin, 1, operator)}\n`
const witnessLines = Object.entries(named)
  .map(([name, key]) => `witness ${name} ${vkeyOf(`w.example/${name}`, 4, key)}\n`)
  .join('')
const policyOf = (lines: string) => parseTrustPolicy(logLine + witnessLines + lines)

describe('a trust policy', () => {
  it.each<[string, Name[][], Name[][]]>([
    ['quorum none\n', [[], ['a']], []],
    ['quorum b\n', [['b'], ['a', 'b']], [[], ['a']]],
    ['group g any a b\nquorum g\n', [['a'], ['b']], [[], ['c']]],
    ['group g all a b\nquorum g\n', [['a', 'b']], [['a'], ['b'], ['c', 'd']]],
    [
      'group g 2 a b c\nquorum g\n',
      [
        ['a', 'c'],
        ['a', 'b', 'c'],
      ],
      [['a'], ['a', 'd']],
    ],
    [
      'group x any a b\ngroup y 1 c d\ngroup z all x y\nquorum z\n',
      [
        ['a', 'c'],
        ['b', 'd'],
      ],
      [['a', 'b'], ['c', 'd'], []],
    ],
  ])('with %j trusts the signatures that it asks for, and no fewer', (lines, trusted, refused) => {
    const policy = policyOf(lines)
    for (const names of trusted) {
      expect(checkTrust(policy, cosigned(...names))).toMatchObject({ trusted: true })
    }
    for (const names of refused) {
      expect(checkTrust(policy, cosigned(...names))).toMatchObject({ trusted: false })
    }
  })

  it('counts no witness twice for two lines of it', () => {
    const policy = policyOf('group g 2 a b\nquorum g\n')
    expect(checkTrust(policy, cosigned('a', 'a')).trusted).toBe(false)
  })

  it('refuses a checkpoint that no log of it has signed, or signed as another origin', () => {
    const stranger = parseTrustPolicy(`log ${vkeyOf(origin, 1, newKey())}\nquorum none\n`)
    expect(checkTrust(stranger, cosigned())).toMatchObject({ trusted: false, times: [] })
    const other = { ...checkpoint, origin: `${log}/stream-2` }
    const note = checkpointText(other)
    const asFirst = formatNote(note, [signNote(note, origin, operator)])
    const result = checkTrust(policyOf('quorum none\n'), parseCheckpoint(asFirst) ?? expect.fail())
    expect(result).toMatchObject({ trusted: false, why: expect.stringContaining('stream-2') })
  })

  it('refuses the whole checkpoint for one wrong signature of a key that it knows', () => {
    const good = cosigned('a', 'b')
    const forged = good.signatures.map((one) =>
      one.name === 'w.example/b' ? { ...one, bytes: Buffer.alloc(72) } : one,
    )
    const policy = policyOf('quorum a\n')
    expect(checkTrust(policy, good).trusted).toBe(true)
    expect(checkTrust(policy, { ...good, signatures: forged })).toMatchObject({
      trusted: false,
      why: expect.stringContaining('w.example/b'),
    })
  })

  it('ignores the signatures of keys that it does not know', () => {
    const policy = parseTrustPolicy(`${logLine}quorum none\n`)
    const { signatures, ...rest } = cosigned('a')
    const noise = { name: 'elsewhere', id: Buffer.alloc(4), bytes: Buffer.alloc(9) }
    expect(checkTrust(policy, { ...rest, signatures: [noise, ...signatures] }).trusted).toBe(true)
  })

  it('trusts nothing when it names nobody', () => {
    expect(checkTrust(parseTrustPolicy('quorum none\n'), cosigned('a')).trusted).toBe(false)
  })

  it('takes the log from its operator alone, whatever the stream', () => {
    const policy = parseTrustPolicy(operatorPolicy(vkeyOf(log, 4, operator)))
    const signed = signCheckpoint(checkpoint, [{ name: log, privateKey: operator }], 5)
    const parsed = parseCheckpoint(signed) ?? expect.fail('no checkpoint')
    expect(checkTrust(policy, parsed)).toEqual({
      trusted: true,
      why: `Signed by ${log}.`,
      times: [{ witness: 'operator', time: 5 }],
    })
    const other = signCheckpoint(checkpoint, [{ name: log, privateKey: a }], 5)
    expect(checkTrust(policy, parseCheckpoint(other) ?? expect.fail()).trusted).toBe(false)
  })

  it('refuses what its operator signed as the log when the signature as the origin is wrong', () => {
    const policy = parseTrustPolicy(operatorPolicy(vkeyOf(log, 4, operator)))
    const signed = signCheckpoint(checkpoint, [{ name: log, privateKey: operator }], 5)
    const { signatures, ...rest } = parseCheckpoint(signed) ?? expect.fail('no checkpoint')
    const [asOrigin, asLog] = signatures
    if (asOrigin === undefined || asLog === undefined) return expect.fail('no signatures')
    const wrong = { ...asOrigin, bytes: Buffer.alloc(64) }
    expect(checkTrust(policy, { ...rest, signatures: [wrong, asLog] })).toMatchObject({
      trusted: false,
      why: expect.stringContaining(origin),
    })
    // Alone it is no cosignature: it says nothing of the time.
    expect(checkTrust(policy, { ...rest, signatures: [asOrigin] }).trusted).toBe(false)
    expect(checkTrust(policy, { ...rest, signatures: [asLog] }).trusted).toBe(true)
  })

  it('trusts no checkpoint with any one byte altered', () => {
    const policy = parseTrustPolicy(`${logLine}${operatorPolicy(vkeyOf(log, 4, operator))}`)
    const signed = signCheckpoint(checkpoint, [{ name: log, privateKey: operator }], 5)
    const trusts = (note: string) => {
      const parsed = parseCheckpoint(note)
      return parsed !== undefined && checkTrust(policy, parsed).trusted
    }
    expect(trusts(signed)).toBe(true)
    assert(
      property(nat(), nat(), (at, by) => {
        expect(trusts(altered(signed, at, by))).toBe(false)
      }),
      { numRuns: 1000 },
    )
  })

  it('may have comments, empty lines, tabs, urls, and no newline at its end', () => {
    const key = vkeyOf('w.example/ä', 4, a)
    const lines = `# ünderstood\n\n \t\n\tlog\t${vkeyOf(origin, 1, operator)} https://log.example/ \nwitness  ä ${key} https://w.example\nquorum ä`
    const policy = parseTrustPolicy(lines)
    expect(policy.witnesses.get('ä')).toMatchObject([{ name: 'w.example/ä' }])
    expect(policy.quorum).toBe('ä')
  })

  const w = (name: string, key: KeyObject, of = name) => `witness ${name} ${vkeyOf(of, 4, key)}\n`
  it.each([
    ['without a quorum', logLine, 2],
    ['with two quorums', 'quorum none\nquorum none\n', 2],
    ['with a quorum of nobody', 'quorum x\n', 1],
    ['with a quorum named before its witness', `quorum x\n${w('x', a)}`, 1],
    ['with a quorum of two names', `${w('x', a)}${w('y', b)}quorum x y\n`, 3],
    [
      'with one key for two logs',
      `${logLine}log ${vkeyOf('other', 1, operator)}\nquorum none\n`,
      2,
    ],
    ['with one key for two witnesses', `${w('x', a)}${w('y', a)}quorum x\n`, 2],
    ['with one name for two witnesses', `${w('x', a)}${w('x', b)}quorum x\n`, 2],
    ['with a witness called none', `${w('none', a)}quorum none\n`, 1],
    ['with a group called as a witness', `${w('x', a)}group x any x\nquorum x\n`, 2],
    ['with a group of nobody', 'group g any\nquorum g\n', 1],
    ['with a group of a name from below', `group g any x\n${w('x', a)}quorum g\n`, 1],
    ['with none in a group', 'group g any none\nquorum g\n', 1],
    ['with one witness twice in a group', `${w('x', a)}group g 2 x x\nquorum g\n`, 2],
    ['with one witness in two groups', `${w('x', a)}group g any x\ngroup h any x\nquorum h\n`, 3],
    ['with a group of zero', `${w('x', a)}group g 0 x\nquorum g\n`, 2],
    ['with a group of more than it has', `${w('x', a)}group g 2 x\nquorum g\n`, 2],
    ['with a group of constructor', `${w('x', a)}group g constructor x\nquorum g\n`, 2],
    ['with a log key for a witness', `witness x ${vkeyOf('x', 1, a)}\nquorum x\n`, 1],
    ['with a witness key for a log', `log ${vkeyOf('x', 4, a)}\nquorum none\n`, 1],
    ['with a broken key', `log ${vkeyOf('x', 1, a).slice(0, -2)}\nquorum none\n`, 1],
    ['with a word too many', `log ${vkeyOf('x', 1, a)} https://x more\nquorum none\n`, 1],
    ['with another word', 'quorum none\nconstructor x\n', 2],
    ['with a carriage return', 'quorum none\r\n', 1],
    ['with a zero byte', '# \0\nquorum none\n', 1],
  ])('is refused %s, with the line', (_, lines, line) => {
    expect(() => parseTrustPolicy(lines)).toThrow(
      expect.objectContaining({
        code: 'LELU_AUDIT_TRUST_INVALID',
        details: { line },
        help: expect.any(String),
      }),
    )
  })
})
