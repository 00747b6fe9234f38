import { createPrivateKey, generateKeyPairSync, hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { formatVkey, keyId, parseVkey, rawPublicKey } from '../../src/tlog/keys.ts'
import { formatNote, parseNote, signNote, verifySignature } from '../../src/tlog/note.ts'

// The example of golang.org/x/mod/sumdb/note: key, private key, and the note that Go makes of them.
const vkey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const seed = 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'
const text =
  'If you think cryptography is the answer to your problem,\n' +
  "then you don't know what your problem is.\n"
const line =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
const note = `${text}\n${line}`

function privateKey() {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex')
  const bytes = Buffer.concat([head, Buffer.from(seed, 'base64').subarray(1)])
  return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })
}

describe('a verifier key', () => {
  it('is read and written as Go does', () => {
    const key = parseVkey(vkey)
    expect(key).toMatchObject({ name: 'PeterNeumann', type: 1 })
    expect(key.id.toString('hex')).toBe('c74f20a3')
    expect(formatVkey(key.name, 1, key.raw)).toBe(vkey)
    expect(formatVkey('PeterNeumann', 1, rawPublicKey(privateKey()))).toBe(vkey)
  })

  it.each([
    ['a private key', `PRIVATE+KEY+PeterNeumann+c74f20a3+${seed}`],
    ['another id', vkey.replace('c74f20a3', 'c74f20a4')],
    ['an id in capitals', vkey.replace('c74f20a3', 'C74F20A3')],
    ['another name', vkey.replace('Peter', 'Pater')],
    ['another key', vkey.replace('ARpc', 'ARpd')],
    ['no name', vkey.replace('PeterNeumann', '')],
    ['a space in the name', vkey.replace('Peter', 'Peter\u2003')],
    ['no padding', 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T'],
    ['a newline at its end', `${vkey}\n`],
    ['an unknown type', formatVkey('PeterNeumann', 1, parseVkey(vkey).raw).replace('+AR', '+Ah')],
    ['nothing', ''],
  ])('is refused with %s, and nothing of it is repeated', (_, wrong) => {
    expect(() => parseVkey(wrong)).toThrow(
      expect.objectContaining({
        code: 'LELU_AUDIT_KEY_INVALID',
        help: expect.any(String),
        message: expect.not.stringContaining('QcUP'),
      }),
    )
  })

  it.each([
    ['a key of 31 bytes', Buffer.alloc(32, 1)],
    ['a key of 33 bytes', Buffer.alloc(34, 1)],
    ['a type that is not known here', Buffer.alloc(33, 2)],
    ['no type', Buffer.alloc(0)],
  ])('is refused with %s, though its id is right', (_, bytes) => {
    const id = hash('sha256', Buffer.concat([Buffer.from('a\n'), bytes]), 'hex').slice(0, 8)
    expect(() => parseVkey(`a+${id}+${bytes.toString('base64')}`)).toThrow(/length|type/)
  })

  it('is of a type that signs notes', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(() => rawPublicKey(publicKey)).toThrow(/neither/)
    expect(() => formatVkey('a', 1, Buffer.alloc(31))).toThrow(/length/)
    for (const name of ['a b', 'a+b', '', 'a\u2028b', 'a\0b', '\ud800']) {
      expect(() => formatVkey(name, 1, Buffer.alloc(32))).toThrow(/name/)
    }
  })
})

describe('a signed note', () => {
  it('is made, byte for byte, as Go makes it', () => {
    expect(formatNote(text, [signNote(text, 'PeterNeumann', privateKey())])).toBe(note)
  })

  it('is read and verified as Go does', () => {
    const { text: found, signatures } = parseNote(note) ?? { text: '', signatures: [] }
    expect(found).toBe(text)
    const [signature] = signatures
    if (signature === undefined) throw new Error('no signature')
    expect(verifySignature(text, signature, parseVkey(vkey))).toEqual({ ok: true })
    expect(verifySignature(`${text} `, signature, parseVkey(vkey))).toEqual({ ok: false })
    const named = { ...signature, name: 'Peter' }
    expect(verifySignature(text, named, parseVkey(vkey))).toEqual({ ok: false })
    const unusable = { ...parseVkey(vkey), publicKey: undefined }
    expect(verifySignature(text, signature, unusable)).toEqual({ ok: false })
    const identified = { ...signature, id: Buffer.alloc(4) }
    expect(verifySignature(text, identified, parseVkey(vkey))).toEqual({ ok: false })
  })

  it('keeps a text with empty lines in it, and one hundred signatures', () => {
    expect(parseNote(`a\n\nb\n\n${line.repeat(100)}`)).toMatchObject({ text: 'a\n\nb\n' })
  })

  it.each([
    ['without signatures', `${text}\n`],
    ['without the empty line', `${text}${line}`],
    ['without its last newline', note.slice(0, -1)],
    ['with more behind it', `${note}more\n`],
    ['with an empty line at its end', `${note}\n`],
    ['with a hyphen for the dash', note.replace('—', '-')],
    ['with an en dash for the dash', note.replace('—', '–')],
    ['with two spaces behind the dash', note.replace('— ', '—  ')],
    ['with a fourth word in a signature', note.replace('AM=\n', 'AM= x\n')],
    ['with a space at the end of a signature', note.replace('AM=\n', 'AM= \n')],
    ['with base64 that lacks its padding', note.replace('AM=\n', 'AM\n')],
    ['with base64 of a second spelling', note.replace('AM=\n', 'AN=\n')],
    ['with base64 for addresses', note.replace('go/ZJ', 'go_ZJ')],
    ['with a signature of no bytes', `${text}\n— PeterNeumann x08gow==\n`],
    ['with a carriage return', note.replace('\n', '\r\n')],
    ['with a tab', note.replace(' ', '\t')],
    ['with a zero byte', note.replace('you', '\0')],
    ['with half a surrogate pair', note.replace('you', '\ud800')],
    ['with a plus in a key name', note.replace('PeterNeumann', 'Peter+Neumann')],
    ['with a no-break space in a key name', note.replace('PeterNeumann', 'Peter\u00a0Neumann')],
    ['with no key name', note.replace('PeterNeumann', '')],
    ['with 101 signatures', `${text}\n${line.repeat(101)}`],
    ['of more than a million characters', `${'a'.repeat(1_000_000)}\n\n${line}`],
    ['that is empty', ''],
    ['that is one newline', '\n'],
  ])('is none %s', (_, wrong) => {
    expect(parseNote(wrong)).toBeUndefined()
  })

  it('is not made of what is no note', () => {
    const signature = { name: 'a', id: keyId('a', 1, Buffer.alloc(32)), bytes: Buffer.alloc(64) }
    expect(() => formatNote('no newline', [signature])).toThrow(RangeError)
    expect(() => formatNote('text\n', [])).toThrow(RangeError)
    expect(() => formatNote('text\n', [{ ...signature, name: 'a b' }])).toThrow(RangeError)
  })
})
