import { compile } from '@lelu/rego'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../../src/policy/runtime.ts'
import type { Json } from '../../src/types.ts'
import { agree } from './agree.ts'

// In OPA's Wasm itself each of these is wrong, so that a deny did not fire although its test passed.
describe('a compiled policy answers as OPA does', () => {
  const patterns = [
    ...[
      '',
      'a',
      '*',
      '**',
      '?',
      '??',
      'a*',
      '*a',
      '*a*',
      'a**',
      '***',
      'rm *',
      'a.b',
      '*.b',
      '**.b',
      'a?b',
    ],
    ...[
      '[abc]',
      '[!abc]',
      '[a-c]*',
      '[!a-c]',
      '[]',
      '[!]',
      '[a',
      '[a-',
      '[c-a]',
      '[-a]',
      '[a-]',
      '[--a]',
      '[^a]',
    ],
    ...[
      '{a,b}',
      '{a,b*}',
      '{a,}',
      '{}',
      '{,}',
      '{{a,b},c}x',
      '{a',
      'a}',
      'a,b',
      '{a,b}}',
      '\\*',
      '\\',
      'a\\',
      '\\a',
    ],
    ...[
      '(a)',
      'a+',
      'a|b',
      '^a$',
      '$a',
      '\\d',
      '[\\]]',
      '[\\-a]',
      '[a\\]',
      '.*',
      '(?i)A',
      'ä?',
      '?😀',
      '[ä-ü]',
      '[\n]',
    ],
    ...[
      'a\u0000*',
      '\u0000',
      '[a\u0000]',
      '[!!]',
      '[!-a]',
      '{[,],a}',
      '{\\,,b}',
      '-',
      '[\\d]',
      '[[:alpha:]]',
    ],
  ]
  const texts = [
    ...[
      '',
      'a',
      'b',
      'c',
      'aa',
      'ab',
      'abc',
      'ba',
      'a.b',
      'x.a.b',
      'a/b',
      '.',
      'rm -rf /',
      'rm -rf\n/',
      'a\nb',
      '\n',
    ],
    ...[
      'a\rb',
      'a\u2028b',
      'a\u0000b',
      '\u0000',
      '(a)',
      'a+',
      'a|b',
      '^a$',
      '$a',
      '\\',
      '\\a',
      'a\\',
      '-',
      ']',
      '^',
      '!',
    ],
    ...[
      'ä',
      'äx',
      'ö',
      '😀',
      'x😀',
      'A',
      '{',
      '}',
      'a}',
      ',',
      'a,b',
      '[',
      'ax',
      'cx',
      'd',
      '5',
      '*',
      '\ufeff',
      7,
      null,
    ],
  ]

  it.each<[Json]>([
    [null],
    [[]],
    [['/']],
    [['a']],
    [['\n', '^']],
    [['.', '-', ']']],
    [['ab']],
    [['']],
    [[1]],
    [7],
  ])('glob.match with the delimiters %j', async (delimiters) => {
    const given = { a: [...patterns, 7, null], b: texts, delimiters }
    await agree('glob.match(a, input.delimiters, b)', given)
  })

  const addresses = [
    ...[
      '10.0.0.1',
      '10.0.0.0/8',
      '169.254.0.0/16',
      '0.0.0.0/0',
      '10.0.0.1/32',
      '10.0.0.1/33',
      '010.0.0.1',
      '10.0.0',
    ],
    ...[
      '::ffff:10.0.0.1',
      '::FFFF:a00:1',
      '0:0:0:0:0:ffff:10.0.0.1',
      '::ffff:10.0.0.0/104',
      '::ffff:0:0/96',
      '::/0',
    ],
    ...[
      '::ffff:0:0/95',
      '::ffff:10.0.0.1/128',
      '::ffff:10.0.0.1/129',
      '::ffff:10.0.0.1/',
      '::ffff:10.0.0.1/8/8',
      '::/80',
    ],
    ...[
      '::10.0.0.1',
      '64:ff9b::10.0.0.1',
      '::1',
      'fe80::1%eth0',
      '::ffff:10.0.0.1%1',
      '2001:db8::/32',
      '2001:db8::1',
    ],
    ...[
      '2001:DB8:0:0::1/64',
      '::ffff:a00:1/0104',
      '::ffff:a00:1/+8',
      ' ::ffff:a00:1',
      '[::ffff:a00:1]',
      '',
      'x',
      7,
      null,
    ],
  ]

  it.each(['net.cidr_contains(a, b)', 'net.cidr_intersects(a, b)'])('%s', async (call) => {
    await agree(call, { a: addresses, b: addresses })
  })

  it('replace, of nothing as well, which would never end', async () => {
    const some: Json[] = ['', 'a', 'aa', 'abab', 'b', 'ab', 'a\u0000b', '\u0000', 'x', 7, null]
    await agree('replace(a, b, "xa")', { a: [...some, 'ä😀'], b: some })
    await agree('replace("aba", a, b)', { a: some, b: some })
  })

  it('also in the head of a rule, in a text and under another function', async () => {
    const source = `package p

import data.lib.net

answer[replace(input.x, "", "-")].text := $"{replace(input.x, "", "+")}"
answer.own := net.cidr_contains(1, 2)
answer.mocked := x if x := twice("a") with replace as "b"
twice(x) := concat("", [replace(x, "", ""), replace(x, "", "")])
`
    const lib = 'package lib.net\n\ncidr_contains(a, b) := a + b\n'
    const modules = [
      { path: 'p.rego', source },
      { path: 'lib.rego', source: lib },
    ]
    const compiled = await compile({ modules, entrypoints: ['p/answer'], cache: false })
    const result = createRuntime({ ...compiled, entrypoint: 'p/answer' }).evaluate('{"x":"ab"}')
    expect(JSON.parse(result as string)).toEqual({
      '-a-b-': { text: '+a+b+' },
      own: 3,
      mocked: 'bb',
    })
  })

  it('what the corrections call is no built-in for policies', async () => {
    const source = 'package p\n\nanswer := lelu.plain_ip("::1")\n'
    const compiling = compile({
      modules: [{ path: 'p.rego', source }],
      entrypoints: ['p/answer'],
      cache: false,
    })
    await expect(compiling).rejects.toThrow(/undefined function lelu.plain_ip/)
  })
})
