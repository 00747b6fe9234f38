import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLelu, LeluError } from '@lelu/engine'
import { checkGuardOptions } from '@lelu/engine/adapter'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const sources = globSync('packages/*/src/**/*.ts', { cwd: root })
  .filter((path) => !path.startsWith('packages/testing/'))
  .map(read)

/** The names in the first cells of the tables of a page. */
function firstCells(page: string): string[] {
  const cells = [...read(page).matchAll(/^\| ([^|]+)\|/gm)].map(([, cell = '']) => cell)
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)[`=]/g)].map(([, name = '']) => name))
}

/** What an option that is misspelt is told of those that there are. */
async function optionsOf(open: () => unknown): Promise<string[]> {
  try {
    await open()
  } catch (error) {
    if (error instanceof LeluError) return error.help.match(/\w+(?=[,.])/g) ?? []
  }
  throw new Error('a misspelt option was not refused')
}

it('docs/errors.md has every code that is in the sources, and no other', () => {
  const spoken = sources.flatMap((text) => text.match(/\bLELU_[A-Z]+(?:_[A-Z]+)+\b/g) ?? [])
  const codes = new Set(spoken.filter((name) => name !== 'LELU_OCSF_HEADERS'))
  const rows = new Set(firstCells('docs/errors.md'))
  expect([...codes].filter((code) => !rows.has(code))).toEqual([])
  expect([...rows].filter((row) => !codes.has(row))).toEqual([])
})

it('docs/errors.md shows the sample as it is compiled', () => {
  const sample = readFileSync(new URL('./errors-sample.ts', import.meta.url), 'utf8')
  expect(read('docs/errors.md')).toContain(sample.trim())
})

it('the README of the commands names every variable of the environment that they read', () => {
  const text = globSync('packages/cli/src/**/*.ts', { cwd: root }).map(read).join('\n')
  const members = [...text.matchAll(/\benv\.([A-Z][A-Z0-9_]+)/g)].map(([, name = '']) => name)
  const [, taken = ''] = /const \{ (NO_COLOR.*) \} = io\.env/.exec(text) ?? []
  const named = [...(taken.match(/[A-Z_]{4,}/g) ?? []), ...(text.match(/'\w+_HEADERS'/g) ?? [])]
  const variables = [...members, ...named.map((name) => name.replaceAll("'", ''))]
  expect(variables.length).toBeGreaterThan(10)
  const rows = firstCells('packages/cli/README.md')
  for (const name of new Set(variables)) expect(rows).toContain(name)
})

it('the README of the engine names every option, and docs/frameworks.md those of the adapters', async () => {
  const engine = await optionsOf(() => createLelu({ policies: 'x', misspelt: 1 } as never))
  expect(engine.length).toBeGreaterThan(20)
  for (const name of engine) expect(firstCells('packages/engine/README.md')).toContain(name)
  const adapter = await optionsOf(() => checkGuardOptions({ misspelt: 1 } as never, ['run']))
  expect(adapter).toContain('run')
  for (const name of adapter) expect(firstCells('docs/frameworks.md')).toContain(name)
})

it.each(['langchain', 'ai-sdk', 'openai'])(
  'the README of %s names the oldest versions of its framework',
  (name) => {
    const { peerDependencies } = JSON.parse(read(`packages/${name}/package.json`)) as {
      peerDependencies: Record<string, string>
    }
    const [, line = ''] = read(`packages/${name}/README.md`).split('\n\n')
    for (const [peer, range] of Object.entries(peerDependencies)) {
      expect(line).toContain(`\`${peer}\``)
      expect(line).toContain(range.replace(/^(?:\^|>=)(\S+).*$/, '$1'))
    }
  },
)
