import { expect, test } from 'vitest'
import { changeText, type Format } from '../../src/clients/documents/format.ts'
import { json } from '../../src/clients/documents/json.ts'
import { toml } from '../../src/clients/documents/toml.ts'
import { yaml } from '../../src/clients/documents/yaml.ts'

const text = '{\n  "a": 1, // about a\n  "servers": {}\n}\n'
const change = { at: ['servers', 'lelu'], value: { url: 'u' } }

/** A format whose edits come out as `wrong` makes them. */
function broken(wrong: (right: string) => string): Format {
  return { ...json, change: (...given) => wrong(json.change(...given)) }
}

test('an edit that does more, less or other than it should is refused', () => {
  expect(() => changeText(json, text, [change], 'f')).not.toThrow()
  const wrongs: [what: string, wrong: (right: string) => string][] = [
    ['loses a comment', (right) => right.replace(' // about a', '')],
    ['changes another value', (right) => right.replace('"a": 1', '"a": 2')],
    ['drops another value', (right) => right.replace('"a": 1, // about a', '// about a')],
    ['adds a value', (right) => right.replace('"a": 1,', '"a": 1, "b": 2,')],
    ['does not parse', (right) => right.replace('}', '')],
    ['does nothing', () => text],
    [
      'throws',
      () => {
        throw new TypeError('a defect of a library')
      },
    ],
  ]
  for (const [what, wrong] of wrongs) {
    expect(() => changeText(broken(wrong), text, [change], 'f'), what).toThrow(
      expect.objectContaining({ code: 'LELU_MCP_EDIT_REFUSED' }),
    )
  }
})

test('`__proto__` is a key like any other, in every format', () => {
  const texts: [Format, string][] = [
    [json, '{"__proto__": {"x": {"y": 1}}}'],
    [yaml, '__proto__:\n  x:\n    y: 1\n'],
    [toml, '[__proto__.x]\ny = 1\n'],
  ]
  for (const [format, written] of texts) {
    const data = format.parse(written, 'f')
    expect(Object.keys(data)).toEqual(['__proto__'])
    expect((data as { x?: unknown }).x).toBeUndefined()
  }
})

test('of a YAML file with aliases, several documents or a bomb, nothing is guessed', () => {
  const aliased = 'base: &base\n  a: 1\nextensions:\n  dev: *base\n'
  expect(changeText(yaml, aliased, [{ at: ['extensions', 'lelu'], value: { b: 2 } }], 'f')).toBe(
    `${aliased}  lelu:\n    b: 2\n`,
  )
  expect(() => yaml.parse('a: 1\n---\nb: 2\n', 'f')).toThrow(/one document/)
  const lines = ['a0: &a0 [x]']
  for (let index = 1; index < 12; index += 1) {
    const item = `*a${index - 1}`
    lines.push(`a${index}: &a${index} [${Array.from({ length: 9 }, () => item).join(', ')}]`)
  }
  expect(() => yaml.parse(lines.join('\n'), 'f')).toThrow(/more aliases/)
})
