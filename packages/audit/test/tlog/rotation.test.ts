import { describe, expect, it } from 'vitest'
import { parseCheckpoint, signCheckpoint } from '../../src/tlog/checkpoint.ts'
import { parseVkey } from '../../src/tlog/keys.ts'
import { formatNote, parseNote, signNote } from '../../src/tlog/note.ts'
import {
  formatKeyFile,
  parseKeyFile,
  parseRotation,
  signRotation,
  successorsOf,
} from '../../src/tlog/rotation.ts'
import {
  checkTrust,
  operatorPolicy,
  parseTrustPolicy,
  withSuccessors,
} from '../../src/tlog/trust-policy.ts'
import { checkpointOf, leavesOf, log, newKey, newMldsaKey, verifierOf, vkeyOf } from './support.ts'

const [first, second, third, stranger] = [newKey(), newKey(), newKey(), newKey()]
const statement = signRotation(log, first, second)
const fileOf = (key: typeof first, from?: typeof first) =>
  formatKeyFile([vkeyOf(log, 4, key)], from && signRotation(log, from, key))
const read = (text: string) => parseKeyFile(text) ?? expect.fail('no key file')
const raws = (keys: readonly { raw: Buffer }[]) => keys.map(({ raw }) => raw)
const rawOf = (key: typeof first) => verifierOf(log, 4, key).raw

describe('a rotation statement', () => {
  it('is read when both keys have signed it', () => {
    const rotation = parseRotation(statement)
    expect(rotation).toMatchObject({ log })
    expect(rotation?.from.raw).toEqual(rawOf(first))
    expect(rotation?.to.raw).toEqual(rawOf(second))
    expect(parseNote(statement)?.text).toBe(
      `lelu-key-rotation/v1\n${log}\n${vkeyOf(log, 4, first)}\n${vkeyOf(log, 4, second)}\n`,
    )
  })

  const { text, signatures } = parseNote(statement) ?? expect.fail('no note')
  const sign = (note: string, ...keys: (typeof first)[]) =>
    formatNote(
      note,
      keys.map((key) => signNote(note, log, key)),
    )
  const [old, young] = [vkeyOf(log, 4, first), vkeyOf(log, 4, second)]
  it.each([
    ['signed by the old key alone', formatNote(text, signatures.slice(0, 1))],
    ['signed by the new key alone', formatNote(text, signatures.slice(1))],
    ['signed by the old key and a stranger', sign(text, first, stranger)],
    ['signed by the old key and, wrongly, the new one', `${statement.slice(0, -12)}AAAAAAAAAA=\n`],
    ['of another log than signed', statement.replace(`\n${log}\n`, '\nother\n')],
    ['with another header', sign(text.replace('v1', 'v2'), first, second)],
    ['from a key to itself', sign(text.replace(young, old), first)],
    ['with a further line', sign(`${text}more\n`, first, second)],
    ['with a further line behind an empty one', sign(`${text}\nmore\n`, first, second)],
    ['with keys of another type', sign(text.replace(young, vkeyOf(log, 1, second)), first, second)],
    [
      'with keys of another name',
      sign(text.replace(young, vkeyOf('other', 4, second)), first, second),
    ],
    ['with a broken key', sign(text.replace(young, 'x'), first, second)],
    ['that is no note', text],
  ])('is none %s', (_, wrong) => {
    expect(parseRotation(wrong)).toBeUndefined()
  })
})

describe('a key file', () => {
  it('holds a first key alone, or one with the statement that made it the key', () => {
    expect(read(fileOf(first))).toEqual({ operator: parseVkey(vkeyOf(log, 4, first)) })
    expect(read(fileOf(second, first)).rotation?.from.raw).toEqual(rawOf(first))
  })

  it.skipIf(newMldsaKey === undefined)(
    `holds an ML-DSA key beside it${newMldsaKey === undefined ? ' (skipped: this Node has none)' : ''}`,
    () => {
      const vkey = vkeyOf(log, 6, newMldsaKey?.() ?? expect.fail())
      expect(read(formatKeyFile([vkeyOf(log, 4, second), vkey], statement))).toMatchObject({
        mldsa: { type: 6 },
        rotation: { log },
      })
      expect(parseKeyFile(formatKeyFile([vkey]))).toBeUndefined()
      expect(parseKeyFile(formatKeyFile([vkeyOf(log, 4, second), vkey, 'x']))).toBeUndefined()
    },
  )

  it.each([
    ['with the statement of another key', formatKeyFile([vkeyOf(log, 4, third)], statement)],
    ['with the statement of another log', formatKeyFile([vkeyOf('other', 4, second)], statement)],
    ['with a statement that does not hold', formatKeyFile([vkeyOf(log, 4, second)], 'x\n')],
    ['with an empty statement', formatKeyFile([vkeyOf(log, 4, second)], '')],
    ['with a key of the type 1', formatKeyFile([vkeyOf(log, 1, first)])],
    [
      'with a second key of the type 4',
      formatKeyFile([vkeyOf(log, 4, first), vkeyOf(log, 4, second)]),
    ],
    ['with three lines', formatKeyFile([vkeyOf(log, 4, first), 'x', 'y'])],
    ['without its last newline', vkeyOf(log, 4, first)],
    ['that is empty', ''],
  ])('is none %s', (_, wrong) => {
    expect(parseKeyFile(wrong)).toBeUndefined()
  })
})

describe('trust in a log whose key was rotated', () => {
  const files = [fileOf(third, second), fileOf(first), fileOf(second, first)].map(read)
  const trusted = verifierOf(log, 4, first)

  it('goes from the first key over all rotations, in whatever order the files are', () => {
    expect(raws(successorsOf(trusted, files))).toEqual([rawOf(second), rawOf(third)])
    expect(raws(successorsOf(verifierOf(log, 4, second), files))).toEqual([rawOf(third)])
  })

  it('does not go back, nor to a key that only vouches for itself', () => {
    expect(successorsOf(verifierOf(log, 4, third), files)).toEqual([])
    const foreign = [...files, read(fileOf(stranger)), read(fileOf(newKey(), stranger))]
    expect(successorsOf(trusted, foreign)).toHaveLength(2)
    expect(successorsOf(verifierOf('other', 4, first), files)).toEqual([])
  })

  it('ends where statements go in a circle', () => {
    const circle = [...files, read(fileOf(first, third))]
    expect(successorsOf(trusted, circle)).toHaveLength(2)
  })

  it('takes a checkpoint of the newest key only by way of the statements', () => {
    const signed = signCheckpoint(checkpointOf(leavesOf(4)), [{ name: log, privateKey: third }], 5)
    const checkpoint = parseCheckpoint(signed) ?? expect.fail('no checkpoint')
    const policy = parseTrustPolicy(operatorPolicy(vkeyOf(log, 4, first)))
    expect(checkTrust(policy, checkpoint).trusted).toBe(false)
    const wider = withSuccessors(policy, (key) => successorsOf(key, files))
    expect(checkTrust(wider, checkpoint).trusted).toBe(true)
    const broken = withSuccessors(policy, (key) => successorsOf(key, files.slice(0, 2)))
    expect(checkTrust(broken, checkpoint).trusted).toBe(false)
  })
})
