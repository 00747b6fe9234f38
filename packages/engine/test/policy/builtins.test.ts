import { compile, explain } from '@lelu/rego'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../../src/policy/runtime.ts'
import type { Json } from '../../src/types.ts'

const entrypoint = 'p/answer'

/** Each call, evaluated by the engine's own built-ins and by OPA itself. */
async function both(calls: string[], input: Json = {}): Promise<[mine: Json, opa: Json]> {
  const modules = [
    {
      path: 'p.rego',
      source: `package p\n\nanswer := [\n${calls.map((call) => `\t${call},\n`).join('')}]\n`,
    },
  ]
  const compiled = await compile({ modules, entrypoints: [entrypoint], cache: false })
  const mine = createRuntime({ ...compiled, entrypoint }).evaluate(JSON.stringify(input))
  const { result } = await explain({ modules, input, query: 'data.p.answer' })
  return [JSON.parse(mine ?? 'null'), result ?? null]
}

async function agree(calls: string[], input: Json = {}): Promise<void> {
  const [mine, opa] = await both(calls, input)
  expect(opa).toHaveLength(calls.length)
  expect(mine).toEqual(opa)
}

describe('as OPA does', () => {
  it('sprintf prints values, nested arrays and objects', async () => {
    const values = [
      '1',
      '-5',
      '0',
      '0.85',
      '-0.5',
      '0.00001',
      '12345678901234567890',
      '"a"',
      '""',
      'true',
      'null',
      '[]',
      '[[1, 2], ["a", [null]]]',
      '{"a": {"b": [1]}}',
      '{}',
      'input.x',
    ]
    const verbs = [
      '%v',
      '%s',
      '%d',
      '%f',
      '%t',
      '%5v|',
      '%-5v|',
      '%05v|',
      '%5d|',
      '%05d|',
      '%+d',
      '%-8s|',
    ]
    const calls = values.flatMap((value) => verbs.map((verb) => `sprintf("${verb}", [${value}])`))
    await agree(calls, { x: { y: [0.1, 'é"\n'] } })
  })

  it('sprintf rounds, quotes and cuts', async () => {
    const floats = [
      '0.85',
      '1.25',
      '2.5',
      '0.125',
      '0.375',
      '1.005',
      '99.995',
      '0.5',
      '1.5',
      '-1.25',
      '-0.85',
      '1e-7',
      '123456.789',
    ]
    const calls = floats.flatMap((value) =>
      ['%.0f', '%.1f', '%.2f', '%8.3f|', '%08.2f', '%-8.1f|', '%+.2f', '% .2f'].map(
        (verb) => `sprintf("${verb}", [${value}])`,
      ),
    )
    const texts = ['"a"', '"é\\"\\n"', 'input.x', 'true', '""', '{"a": 1}']
    await agree(
      [
        ...calls,
        ...texts.flatMap((value) =>
          ['%q', '%.2s', '%X', '%4.1s|', '%.2f', '%08.3f'].map(
            (verb) => `sprintf("${verb}", [${value}])`,
          ),
        ),
      ],
      { x: ['ü'] },
    )
  })

  it('sprintf marks missing and extra values, and prints percent signs', async () => {
    await agree([
      'sprintf("plain", [])',
      'sprintf("%d%%", [85])',
      'sprintf("%s and %s", ["a"])',
      'sprintf("%s", ["a", 1, 0.5])',
      'sprintf("%", [])',
      'sprintf("%z", [1])',
      'sprintf("%+d %+d", [1, -1])',
      'sprintf("%+.1f", [1.25])',
      'sprintf("%g", [0.85])',
      'sprintf("%x %X", [12345678901234567890, "é"])',
      'sprintf("%b %o %#x", [5, 8, 255])',
      'sprintf("%.3s", ["abcdef"])',
      'sprintf("%6.2f|", [3.14159])',
      'sprintf("é%3s|", ["ü"])',
    ])
  })

  it('strings are searched and counted', async () => {
    await agree([
      'strings.any_prefix_match("abc", "ab")',
      'strings.any_prefix_match(["x", "abc"], {"b", "ab"})',
      'strings.any_prefix_match(["x"], [])',
      'strings.any_suffix_match("abc", ["bc", "z"])',
      'strings.any_suffix_match({"x"}, "y")',
      'strings.count("cheese", "e")',
      'strings.count("aaa", "aa")',
      'strings.count("", "a")',
      'json.is_valid("{\\"a\\": [1]}")',
      'json.is_valid("{a}")',
    ])
  })

  it('times are read and taken apart, to the nanosecond', async () => {
    const times = [
      '2026-11-22T10:00:00Z',
      '2026-11-22T10:00:00.000Z',
      '1969-12-31T23:59:59.999999999Z',
      '2026-03-29T01:59:59.123456789+02:00',
      '2024-02-29T00:00:00-11:30',
      '2000-01-01T00:00:00.5Z',
    ]
    await agree(
      times.flatMap((time) => {
        const parsed = `time.parse_rfc3339_ns("${time}")`
        const zones = [
          '"UTC"',
          '""',
          '"Europe/Vienna"',
          '"America/New_York"',
          '"Asia/Kolkata"',
        ].map((zone) => `[${parsed}, ${zone}]`)
        return [
          `sprintf("%d", [${parsed}])`,
          ...[parsed, ...zones].flatMap((at) => [
            `time.clock(${at})`,
            `time.date(${at})`,
            `time.weekday(${at})`,
          ]),
        ]
      }),
    )
  })
})

describe('an evaluation is aborted, so the call denied, for', () => {
  it.each([
    ['a time that is none', 'time.parse_rfc3339_ns(input.text)', 'soon'],
    ['a day that does not exist', 'time.parse_rfc3339_ns(input.text)', '2026-02-30T00:00:00Z'],
    ['a time out of range', 'time.parse_rfc3339_ns(input.text)', '9999-01-01T00:00:00Z'],
    ['a time in small letters', 'time.parse_rfc3339_ns(input.text)', '2026-11-22t10:00:00z'],
    ['half a nanosecond', 'time.clock(input.text)', 0.5],
    ['more nanoseconds than a time has', 'time.date([input.text, "UTC"])', 2 ** 63],
    [
      'a prefix that matches beside a number',
      'strings.any_prefix_match("ab", ["a", input.text])',
      7,
    ],
    ['a time zone that is none', 'time.clock([0, input.text])', 'Europe/Nowhere'],
    ['the zone of the machine', 'time.clock([0, input.text])', 'Local'],
    ['a prefix search in a number', 'strings.any_prefix_match([input.text], ["a"])', 7],
    ['a count in a number', 'strings.count(input.text, "a")', 7],
    ['a verb that is not done here', 'sprintf(input.text, [1])', '%c'],
    ['a width of a gigabyte', 'sprintf(input.text, [1])', '%999999999d'],
  ])('%s', async (_what, call, text) => {
    const compiled = await compile({
      modules: [{ path: 'p.rego', source: `package p\n\nanswer := ${call}\n` }],
      entrypoints: [entrypoint],
      cache: false,
    })
    const runtime = createRuntime({ ...compiled, entrypoint })
    expect(() => runtime.evaluate(JSON.stringify({ text }))).toThrow(/its built-in \S+ failed/)
  })
})
