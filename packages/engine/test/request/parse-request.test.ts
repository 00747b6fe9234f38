import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRequest } from '../../src/request/parse-request.ts'
import { parseStrictJson } from '../../src/request/strict-json.ts'
import { smallRequest, thrown, wholeRequest } from './support.ts'

const text = JSON.stringify(smallRequest())

describe('a request as text', () => {
  it('is read from a string and from bytes', () => {
    const whole = JSON.stringify(wholeRequest(), null, 2)
    expect(parseRequest(whole)).toEqual(wholeRequest())
    expect(parseRequest(new TextEncoder().encode(whole))).toEqual(wholeRequest())
  })

  it('goes through the gate', () => {
    expect(thrown(() => parseRequest(text.replace('"agent"', '"robot"')))).toMatchObject({
      details: { path: 'subject.type' },
    })
  })

  it('is refused with line and column where it is no JSON', () => {
    expect(thrown(() => parseRequest('{\n  "subject": {,\n}'))).toMatchObject({
      code: 'LELU_REQUEST_INVALID',
      message: expect.stringContaining('line 2, column 15'),
      details: { line: 2, column: 15 },
    })
  })

  it('is refused when a digit string lost its last digits on the way', () => {
    expect(
      thrown(() => parseRequest(text.replace('{}', '{"amount":9007199254740993}'))),
    ).toMatchObject({ details: { path: 'call.input.amount' } })
    expect(thrown(() => parseRequest(text.replace('{}', '{"amount":1e999}')))).toMatchObject({
      details: { path: 'call.input.amount' },
    })
  })

  it('is refused for its size before it is read', () => {
    const large = `${' '.repeat(5 * 1024 * 1024)}nonsense`
    expect(thrown(() => parseRequest(large))).toMatchObject({ code: 'LELU_INPUT_TOO_LARGE' })
    expect(thrown(() => parseRequest(Buffer.from(large)))).toMatchObject({
      code: 'LELU_INPUT_TOO_LARGE',
    })
  })

  it('may be as deep as its input may be', () => {
    const nested = (depth: number) => text.replace('{}', '['.repeat(depth) + ']'.repeat(depth))
    expect(() => parseRequest(nested(64))).not.toThrow()
    expect(thrown(() => parseRequest(nested(65)))).toMatchObject({ code: 'LELU_REQUEST_INVALID' })
    expect(thrown(() => parseRequest(nested(100_000)))).toMatchObject({
      code: 'LELU_REQUEST_INVALID',
    })
  })
})

describe('strict JSON', () => {
  it.each([
    ['a key twice', '{"a":1,"a":2}', 8],
    ['a key twice in two spellings', '{"a":1,"\\u0061":2}', 8],
    ['a key twice, deep inside', '[{"b":{"c":1,"c":1}}]', 14],
    ['the key __proto__', '{"__proto__":{}}', 2],
    ['__proto__ in escapes', '{"\\u005f_proto__":{}}', 2],
    ['a byte order mark', '\uFEFF{}', 1],
    ['text behind it', '{} {}', 4],
    ['a trailing comma', '{"a":1,}', 8],
    ['a trailing comma in an array', '[1,]', 4],
    ['nothing', '', 1],
    ['an open object', '{"a":1', 7],
    ['an open string', '"abc', 5],
    ['single quotes', "{'a':1}", 2],
    ['a comment', '{} // x', 4],
    ['NaN', 'NaN', 1],
    ['a leading zero', '01', 2],
    ['a plus', '+1', 1],
    ['a bare point', '1.', 2],
    ['a bad escape', '"\\x41"', 3],
    ['a short escape', '"\\u00g0"', 3],
    ['a raw line break in a string', '"a\nb"', 3],
    ['a no-break space', '\u00a0{}', 1],
  ])('refuses %s', (_what, source, column) => {
    const error = thrown(() => parseStrictJson(source))
    expect(error).toMatchObject({ name: 'JsonTextError', line: expect.any(Number) })
    if (!source.includes('\n')) expect(error).toMatchObject({ column })
  })

  it('refuses bytes that are not UTF-8', () => {
    expect(thrown(() => parseStrictJson(new Uint8Array([0x22, 0xc3, 0x28, 0x22])))).toMatchObject({
      message: expect.stringContaining('UTF-8'),
    })
    expect(
      thrown(() => parseStrictJson(new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]))),
    ).toMatchObject({ message: expect.stringContaining('byte order mark') })
  })

  it('reads what JSON.parse reads, and the same', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.nat(3), (source, indent) => {
        const spaced = JSON.stringify(JSON.parse(source), null, indent)
        fc.pre(!source.includes('__proto__'))
        expect(parseStrictJson(spaced)).toEqual(JSON.parse(source))
      }),
      { numRuns: 300 },
    )
  })

  it('accepts nothing that JSON.parse refuses', () => {
    const alphabet = fc.constantFrom(
      ...'{}[]",:\\u01-+.eE tfn',
      'true',
      'null',
      '"a"',
      '1',
      '\n',
      '\u0001',
    )
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 12 }), (parts) => {
        const source = parts.join('')
        let mine: { value: unknown } | undefined
        try {
          mine = { value: parseStrictJson(source) }
        } catch (error) {
          // Of its own kind: a failure of JSON.parse behind it would be a hole in the scanner.
          expect(error).toMatchObject({ name: 'JsonTextError' })
        }
        if (mine !== undefined) expect(mine.value).toEqual(JSON.parse(source))
      }),
      { numRuns: 3000 },
    )
  })

  it('reads a megabyte of escapes without running out of stack', () => {
    const source = JSON.stringify('\n'.repeat(500_000))
    expect(parseStrictJson(source)).toHaveLength(500_000)
  })
})
