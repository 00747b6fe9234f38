import { compile, explain } from '@lelu/rego'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../../src/policy/runtime.ts'
import { agree } from './agree.ts'
import { load } from './support.ts'

// In OPA's Wasm itself some of these are no patterns, so that a deny did not fire although its test passed.
describe('a compiled policy reads regular expressions as OPA does', () => {
  const patterns = [
    ...[
      '(?<n>a)',
      '(?P<n>a)',
      '(?<a>a)(?<a>b)',
      '[(?<n>]',
      '\\(?<n>a',
      '\\\\(?<n>a)',
      '\\Q(?<n>\\E',
      '(?<=a)',
      '(?<!a)b',
      '(?<',
    ],
    ...[
      '\u0000',
      'a\u0000b',
      '[\u0000]',
      '\\\u0000',
      '\\Q\u0000\\E',
      '\\Qa',
      '[[:alpha:](?<n>a]',
      '[](?<n>]',
      '[^](?<n>]',
      '\\C',
      '\\\\C',
    ],
    ...[
      '\\pL',
      '\\p{Lu}',
      '\\p{^Lu}',
      '\\PN',
      '\\p{Greek}',
      '(?i)k',
      '(a',
      '^a$',
      '(?m)^a$',
      '\\x{1f600}',
      '',
      7,
    ],
  ]
  const known = [
    '\\p{Letter}+',
    '\\p{greek}',
    '\\pC',
    '\\p{Cn}',
    '\\p{Any}',
    '\\p{LC}',
    '\\p{Foo}',
    '[^\\p{Letter}]',
    '(?i)\\p{lu}',
  ]
  const texts = [
    '',
    'a',
    'ab',
    'b',
    'A',
    'K\u212a',
    'λ',
    '(?<n>a',
    '(<n>a',
    'n',
    ':',
    ']',
    '\u0000',
    'a\u0000b',
    '\\a',
    '\n',
    'a\n',
    '\u0378',
    '😀',
    '1',
  ]
  const calls = [
    'regex.match(P, b)',
    'regex.find_all_string_submatch_n(P, b, -1)',
    'regex.find_all_string_submatch_n(P, b, 1)',
    'regex.is_valid(P)',
  ]

  it.each(calls)('%s of a pattern from the input', async (call) => {
    await agree(call.replace('P', 'a'), { a: patterns, b: texts })
  })

  it.each(calls)('%s of a pattern that is a text', async (call) => {
    for (const at of [0, 15, 30]) {
      const some = [...patterns, ...known]
        .filter((one) => typeof one === 'string')
        .slice(at, at + 15)
      const lines = some.map(
        (one, i) => `answer["${i}"][j] := y if {
	some j, b in input.b
	y := ${call.replace('P', JSON.stringify(one))}
}`,
      )
      const modules = [{ path: 'p.rego', source: `package p\n\n${lines.join('\n')}\n` }]
      const compiled = await compile({ modules, entrypoints: ['p/answer'], cache: false })
      const runtime = createRuntime({ ...compiled, entrypoint: 'p/answer' })
      const input = { b: texts }
      const { result } = await explain({
        modules,
        input,
        query: 'data.p.answer',
        timeoutMs: 60_000,
      })
      expect(JSON.parse(runtime.evaluate(JSON.stringify(input)) ?? 'null')).toEqual(result)
    }
  })

  it('also when a function takes the place of one', async () => {
    const source = `package p

answer := [q, r] if q with regex.match as never
never(_, _) := false
default q := false
q if regex.match("a", "a")
r if regex.match("a", "a")
`
    const modules = [{ path: 'p.rego', source }]
    const compiled = await compile({ modules, entrypoints: ['p/answer'], cache: false })
    const { result } = await explain({ modules, query: 'data.p.answer', input: {} })
    const mine = createRuntime({ ...compiled, entrypoint: 'p/answer' }).evaluate('{}')
    expect(JSON.parse(mine ?? 'null')).toEqual(result ?? null)
  })
})

// OPA's Wasm keeps 100 patterns of an evaluation: with the 100th it used freed memory, and most often never ended.
describe('with more patterns than can be kept, a call is denied', () => {
  const list = (count: number, of: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => of(i))
  const rules = `deny contains "listed" if {
	some pattern in data.patterns
	some word in input.args.words
	CALL
}
allow := true`
  const cases = [
    ['regex.match(pattern, word)', (i: number) => `^cmd${i}$`],
    ['glob.match(pattern, [], word)', (i: number) => `cmd${i}`],
  ] as const

  it.each(cases)('%s', async (call, of) => {
    const input = { args: { words: ['x', 'y'] }, action: 'a', confidence: 1 } as never
    const effectOf = async (count: number) => {
      const policy = await load(rules.replace('CALL', call), {
        data: { patterns: list(count, of) },
      })
      return [policy.evaluate(input), policy.evaluate(input)].map(({ reasons }) => reasons[0]?.id)
    }
    expect(await effectOf(80)).toEqual(['allow', 'allow'])
    expect(await effectOf(100)).toEqual(['policy_error', 'policy_error'])
  })

  it('also when they are texts of the policy', async () => {
    const lines = list(
      120,
      (i) => `deny contains "${i}" if {
	some word in input.args.words
	regex.match("^cmd${i}$", word)
}`,
    )
    const policy = await load(`${lines.join('\n')}\nallow := true`)
    const input = { args: { words: ['x', 'y'] }, action: 'a', confidence: 1 } as never
    expect(policy.evaluate(input).reasons[0]?.id).toBe('policy_error')
  })
})
