import { describe, it } from 'vitest'
import type { Json } from '../../src/types.ts'
import { agree } from './agree.ts'

const once = { b: [null] }

// In OPA's Wasm itself each of these is wrong, so that a deny did not fire although its test passed.
describe('a compiled policy reads texts as OPA does', () => {
  it('base64', async () => {
    const texts = [
      '',
      'YQ==',
      'YWI=',
      'YWJj',
      'YQ',
      'YWI',
      'Y Q==',
      'YQ==YQ==',
      'YQ=',
      '=',
      '====',
      'Y',
    ]
    const more = [
      'YQ==\n',
      'Y\r\nQ==',
      '4pyT',
      '-_8=',
      '/+8=',
      '4pyT4pyT',
      'Pz8_',
      'Pz8/',
      'é',
      'Y\u0000Q=',
      7,
      null,
    ]
    const given = { ...once, a: [...texts, ...more] }
    await agree('base64.is_valid(a)', given)
    await agree('base64.decode(a)', {
      ...once,
      a: given.a.filter((one) => !/_8=|\+8=/.test(`${one}`)),
    })
    await agree('base64url.decode(a)', given)
  })

  const json = [
    ...[
      '[1]',
      '[1] x',
      '[1 2]',
      '[1,]',
      '[,1]',
      '{1:2}',
      '{[1]:2}',
      '{"a":1,}',
      '{"a":1,"a":2}',
      '',
      ' ',
      'nul',
      'true',
    ],
    ...[
      '"a"',
      '"a',
      '1.',
      '01',
      '-',
      '1e',
      '1e5',
      '-0',
      ' {"a": [null, false]}\n',
      '\ufeff[1]',
      '"\u0001"',
      'set()',
      '{1}',
    ],
    ...[
      '"\\ud83d\\ude00"',
      '"\\ud800"',
      '"x\\udc00\\\\ud800"',
      '"\\ud800\\ud800\\udc00"',
      '"\\ud800a"',
      '12345678901234567890',
    ],
    ...['1e40000', '[1e-40000]', '"1e40000"', 7, null],
  ]

  it.each(['json.is_valid(a)', 'json.unmarshal(a)', 'to_number(a) + 0'])('%s', async (call) => {
    await agree(call, { ...once, a: json })
  })

  it('to_number, of what a model may write for a number as well', async () => {
    const texts = [
      '+500',
      '-500',
      '1_000',
      '_1',
      '1_',
      '1__0',
      '.5',
      '5.',
      '+.5',
      '.',
      '+',
      '-',
      '--1',
      '1e3',
      '1e',
      '1e+',
      '007',
    ]
    const more = [
      '1e400',
      '-1e309',
      'inf',
      '+Inf',
      'nan',
      '0x10',
      '1_0x',
      ' 1',
      '1 ',
      '1,5',
      '١',
      '',
      true,
      null,
      [],
      '1\u0000',
    ]
    await agree('to_number(a) * 2', { ...once, a: [...texts, ...more] })
  })

  it('indexof, concat, union_n and format_int', async () => {
    const texts = ['', 'a', 'ab', 'é', '😀a', 'ba', 7]
    await agree('indexof(a, b)', { a: texts, b: texts })
    await agree('concat(a, {x | some x in b})', {
      a: ['', ', ', 7],
      b: [[], ['b', 'a', 'é'], ['b', 7]],
    })
    await agree('concat(a, b)', {
      a: ['', ', '],
      b: [[], ['b', 'a', 'b'], ['b', 7], 'a', { x: 'y' }],
    })
    await agree('object.union_n(a)', {
      ...once,
      a: [[], [{}], [{ a: 1 }, { a: 2 }], [1], { a: { b: 1 } }, 'a'],
    })
    const numbers = [
      0,
      1.9,
      -1.9,
      255,
      2 ** 20,
      -(2 ** 20),
      2 ** 31 - 1,
      2 ** 31,
      -(2 ** 31),
      3_000_000_000.7,
      -3e9,
      2 ** 53,
      1e21,
      '1',
    ]
    await agree('format_int(a, b)', { a: numbers, b: [2, 8, 10, 16, 3, '10'] })
  })

  it('json.marshal', async () => {
    const values = [
      ...[
        { b: 1, a: { d: 1, c: [] } },
        { '\uffff': 1, '😀': 2, é: 3, z: 4 },
        '<a href="?x&y">',
        '\u2028\u2029\b\f\n\u0001\u007f',
      ],
      ...[null, true, 0.1, -5, 1e-7, [], {}, [[{}]]],
    ]
    await agree('json.marshal(a)', { ...once, a: values as Json[] })
    await agree('json.marshal({x | some x in a})', { ...once, a: [['b', 'a', 1], [], [[2], [1]]] })
  })
})
