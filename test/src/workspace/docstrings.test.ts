import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const packages = fileURLToPath(new URL('../../../packages/', import.meta.url))

/** What an application imports. Each public name is what an editor shows to whoever writes one. */
const entries = [
  'engine/src/index.ts',
  'engine/src/adapter/index.ts',
  'confidence/src/index.ts',
  'langchain/src/index.ts',
  'ai-sdk/src/index.ts',
  'openai/src/index.ts',
  'openai/src/agents/index.ts',
]

function exportedFrom(entry: string): string[] {
  const text = readFileSync(join(packages, entry), 'utf8')
  // What another package has made is that one's to explain.
  const lists = text.matchAll(/^export (?:type )?\{([^}]*)\} from '\.[^']*'/gm)
  return [...lists].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== ''),
  )
}

const declaration =
  /(\*\/\n)?(?:\/\/ biome-ignore[^\n]*\n)?^export (?:declare )?(?:abstract )?(?:async )?(?:type|interface|class|const|function) (\w+)/gm

/** The names that a package declares, and whether each has a docstring somewhere. */
function declaredIn(folder: string): Map<string, boolean> {
  const found = new Map<string, boolean>()
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    for (const [, docstring, name = ''] of readFileSync(join(folder, file), 'utf8').matchAll(
      declaration,
    )) {
      found.set(name, (found.get(name) ?? false) || docstring !== undefined)
    }
  }
  return found
}

test.each(entries)('every name that %s exports is explained', (entry) => {
  const folder = join(packages, entry.slice(0, entry.indexOf('/src/') + '/src'.length))
  const declared = declaredIn(folder)
  const names = exportedFrom(entry)
  expect(names.length).toBeGreaterThan(5)
  expect(names.filter((name) => !declared.has(name))).toEqual([])
  expect(names.filter((name) => declared.get(name) === false)).toEqual([])
})
