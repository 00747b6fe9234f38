import { expect, test } from 'vitest'
import { type Change, changeText, type Format } from '../../src/clients/documents/format.ts'
import { json } from '../../src/clients/documents/json.ts'
import { toml } from '../../src/clients/documents/toml.ts'
import { yaml } from '../../src/clients/documents/yaml.ts'

// Random files from a counter, so that a failure names the one that it failed on.

type Random = (below: number) => number

function random(seed: number): Random {
  let state = seed * 2_654_435_761 + 1
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return (((state ^ (state >>> 13)) >>> 0) % 1_000_003) % below
  }
}

const words = [
  'a',
  'b c',
  'ключ',
  'x"y',
  'tab\t',
  'url',
  'lelu2',
  '//not',
  '/*no*/',
  '#no',
  '{}',
  '',
]

/** JSON with comments, odd spaces and trailing commas, whose servers are under `mcpServers`. */
function jsonText(next: Random): string {
  const eol = next(4) === 0 ? '\r\n' : '\n'
  const word = () => JSON.stringify(words[next(words.length)])
  const gap = () =>
    ['', ' ', eol, `${eol}\t`, ` // note ${next(99)}${eol}`, ` /* ${next(99)}, } */ `][next(6)] ??
    ''
  const value = (depth: number): string => {
    const kind = next(depth > 2 ? 4 : 6)
    if (kind < 4) return [String(next(1000)), 'true', 'null', word()][kind] ?? ''
    return kind === 4 ? list(depth) : object(depth, {})
  }
  const list = (depth: number): string => {
    const items = Array.from({ length: next(4) }, () => gap() + value(depth + 1))
    return `[${items.join(`${gap()},`)}${items.length > 0 && next(3) === 0 ? ',' : ''}${gap()}]`
  }
  const object = (depth: number, fixed: Record<string, string>): string => {
    const keys = new Set(Array.from({ length: next(4) }, () => word()))
    for (const key of Object.keys(fixed)) keys.delete(JSON.stringify(key))
    const members = [...keys].map((key): [string, string] => [key, value(depth + 1)])
    for (const [key, text] of Object.entries(fixed)) {
      members.splice(next(members.length + 1), 0, [JSON.stringify(key), text])
    }
    const texts = members.map(([key, text]) => `${gap()}${key}${gap()}:${gap()}${text}`)
    return `{${texts.join(`${gap()},`)}${texts.length > 0 && next(3) === 0 ? ',' : ''}${gap()}}`
  }
  const servers = object(1, next(2) === 0 ? { there: '{"url": "http://x/"}' } : {})
  return gap() + object(0, { mcpServers: servers }) + gap()
}

function tomlText(next: Random): string {
  const lines: string[] = []
  const comment = () => (next(3) === 0 ? ` # note ${next(99)}` : '')
  const values = (table: string) => {
    for (let index = next(3); index > 0; index -= 1) {
      const value = ['1', '"two # no"', '[ 1,2 ]', '{ k = "v", n=2 }', "'''three'''", '1979-05-27'][
        next(6)
      ]
      lines.push(`${table}_${index}${next(2) ? ' = ' : '='}${value}${comment()}`)
    }
  }
  values('top')
  for (const name of ['other', 'mcp_servers.files', 'profiles.work', 'mcp_servers.git']) {
    if (next(3) === 0) continue
    if (next(2) === 0) lines.push('', `# about ${name}`)
    lines.push(`[${name}]${comment()}`)
    values('v')
  }
  return lines.join(next(4) === 0 ? '\r\n' : '\n') + (next(5) === 0 ? '' : '\n')
}

function yamlText(next: Random): string {
  const lines: string[] = []
  const comment = () => (next(3) === 0 ? ` # note ${next(99)}` : '')
  const indent = next(2) === 0 ? '  ' : '    '
  const member = (pad: string, key: string) => {
    const value =
      ['1', '"two"', "'three # no'", '[ a,  b ]', '{k: v}', `|\n${pad}  text\n${pad}  more`][
        next(6)
      ] ?? ''
    lines.push(`${pad}${key}: ${value}${value.startsWith('|') ? '' : comment()}`)
  }
  for (let index = next(3); index > 0; index -= 1) member('', `top_${index}`)
  if (next(5) > 0) {
    lines.push(`extensions:${comment()}`)
    for (const name of ['dev', 'git'].slice(0, 1 + next(2))) {
      if (next(2) === 0) lines.push(`${indent}# about ${name}`)
      lines.push(`${indent}${name}:`)
      for (let index = 1 + next(3); index > 0; index -= 1) member(indent + indent, `v${index}`)
    }
  }
  if (next(2) === 0) member('', 'last')
  return `${lines.join('\n')}${lines.length === 0 ? '' : '\n'}`
}

const kinds: [name: string, format: Format, container: string, text: (next: Random) => string][] = [
  ['JSON', json, 'mcpServers', jsonText],
  ['TOML', toml, 'mcp_servers', tomlText],
  ['YAML', yaml, 'extensions', yamlText],
]

for (const [name, format, container, text] of kinds) {
  test(`of 400 random ${name} files, adding and removing an entry leaves every value and comment`, () => {
    let same = 0
    for (let seed = 1; seed <= 400; seed += 1) {
      const before = text(random(seed))
      const at = [container, 'lelu']
      const change = (current: string, ...changes: Change[]) => {
        try {
          return changeText(format, current, changes, `file ${seed}`)
        } catch (error) {
          throw new Error(
            `file ${seed}: ${(error as Error).message}\n${JSON.stringify(current)} ${JSON.stringify(changes)}`,
          )
        }
      }
      const added = change(before, { at, value: { url: 'http://a/', list: ['x'] } })
      expect(format.comments(added).sort(), before).toEqual(format.comments(before).sort())
      const changed = change(added, { at: [...at, 'url'], value: 'http://b/' })
      const removed = change(changed, { at, value: undefined })
      expect(format.comments(removed).sort(), before).toEqual(format.comments(before).sort())
      const found = format.parse(removed, '')
      if (Object.keys((found[container] as object) ?? {}).length === 0) delete found[container]
      const wanted = format.parse(before, '')
      if (Object.keys((wanted[container] as object) ?? {}).length === 0) delete wanted[container]
      expect(found, before).toEqual(wanted)
      if (removed === before) same += 1
    }
    // Most come back to the byte; the rest had their servers' braces opened, or no line end at their end.
    expect(same).toBeGreaterThan(200)
  })
}
