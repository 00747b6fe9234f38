import { expect, test } from 'vitest'
import type { Io } from '../src/io.ts'
import { painter, safeJson, safeLines, safeText, span, table } from '../src/print.ts'

const ioWith = (env: Record<string, string>, stdout: boolean) =>
  ({ env, terminal: { stdin: stdout, stdout, stderr: stdout } }) as unknown as Io

test('no control, format or invisible character comes through as itself', () => {
  const bad: [number, number][] = [
    [0x00, 0x1f], // C0, with ESC and newline
    [0x7f, 0xa0], // DEL, C1 (0x9b is CSI), no-break space
    [0x00ad, 0x00ad], // soft hyphen
    [0x061c, 0x061c], // Arabic letter mark
    [0x115f, 0x1160], // Hangul fillers
    [0x180e, 0x180e],
    [0x200b, 0x200f], // zero width, marks of direction
    [0x2028, 0x202e], // separators, bidirectional embeddings and overrides
    [0x2060, 0x2069], // word joiner, isolates
    [0x2800, 0x2800], // a pattern of dots without one
    [0x3164, 0x3164],
    [0xd800, 0xdfff], // halves of surrogate pairs
    [0xe000, 0xe000], // private use: whatever the font shows
    [0xfe00, 0xfe0f], // variation selectors
    [0xfeff, 0xfeff],
    [0xe0000, 0xe007f], // tags: invisible ASCII
    [0xe0100, 0xe0101],
  ]
  for (const [from, to] of bad) {
    for (let point = from; point <= to; point += 1) {
      const shown = safeText(`a${String.fromCodePoint(point)}b`)
      expect(shown, point.toString(16)).toMatch(/^a(\\u[0-9a-f]{4}){1,2}b$/)
    }
  }
})

test('ordinary text of any script comes through unchanged', () => {
  const text = 'Zażółć gęślą jaźń — 株式 שלום مرحبا ñ € 🙂 {"a": [1, "b"]} ~!@#$%^&*()'
  expect(safeText(text)).toBe(text)
})

test('our own lines stay lines, but nothing else that moves the cursor does', () => {
  expect(safeLines('one\ntwo\rthree\u001b[2K')).toBe('one\ntwo\\u000dthree\\u001b[2K')
})

test('escaped JSON is still the same JSON', () => {
  const value = {
    'key\u202e': [
      '\u001b[31m',
      '\u009b2J',
      'line\nbreak',
      '\u{e0041}',
      '\ud800',
      'back\\slash',
      '"',
    ],
    n: [1e21, -0.5, null, true],
  }
  for (const indent of [0, 2] as const) {
    const text = safeJson(value, indent)
    expect(JSON.parse(text)).toEqual(value)
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}]/u)
  }
})

test('colours need a terminal, and NO_COLOR or a dumb terminal turns them off', () => {
  const painted = (env: Record<string, string>, terminal: boolean) =>
    painter(ioWith(env, terminal))('red', 'x')
  expect(painted({}, true)).toBe('\u001b[31mx\u001b[39m')
  expect(painted({}, false)).toBe('x')
  expect(painted({ NO_COLOR: '1' }, true)).toBe('x')
  expect(painted({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe('x')
  expect(painted({ NO_COLOR: '' }, true)).toBe('\u001b[31mx\u001b[39m')
  expect(painted({ TERM: 'dumb' }, true)).toBe('x')
  expect(painted({ FORCE_COLOR: '1' }, false)).toBe('\u001b[31mx\u001b[39m')
})

test('a span is told in its two largest units', () => {
  expect(span(0)).toBe('0 s')
  expect(span(-5)).toBe('0 s')
  expect(span(59_400)).toBe('59 s')
  expect(span(3_600_000)).toBe('1 h')
  expect(span(86_400_000 + 7_200_000 + 60_000)).toBe('1 d 2 h')
})

test('columns of a table are as wide as their widest cell', () => {
  expect(
    table([
      ['a', 'b'],
      ['long', 'c'],
    ]),
  ).toEqual(['a     b', 'long  c'])
})

test('columns stand below each other where letters are wide, or are accents', () => {
  const rows = ['株式会社', 'ｶﾀｶﾅ', '한국어', 'ﾊﾝ', '🙂🙂', '🇵🇱', 'e\u0301', 'שלום', 'plain'].map(
    (a) => [a, '|'],
  )
  expect(table(rows)).toEqual([
    '株式会社  |',
    'ｶﾀｶﾅ      |',
    '한국어    |',
    'ﾊﾝ        |',
    '🙂🙂      |',
    '🇵🇱        |',
    'e\u0301         |',
    'שלום      |',
    'plain     |',
  ])
})
