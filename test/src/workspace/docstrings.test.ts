import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  API,
  type Checker,
  type Symbol as Named,
  type Project,
  SymbolFlags,
} from 'typescript/unstable/sync'
import { afterAll, expect, test } from 'vitest'

const packages = fileURLToPath(new URL('../../../packages', import.meta.url))

/** Each public name of these is explained: it is what an editor shows to whoever writes an application. */
const complete = [
  'engine',
  'confidence',
  'audit',
  'rego',
  'langchain',
  'ai-sdk',
  'openai',
  'cli',
  'mcp',
  'testing',
] as const

/** A number of such a name says its unit, but not of what it is so many, and what it is when it is left out. */
const measure = /(?:Ms|Seconds|Bytes)$/

const api = new API({ cwd: packages })
afterAll(() => api.close())
const configOf = (name: string) => join(packages, name, 'tsconfig.json')
const snapshot = api.updateSnapshot({ openProjects: complete.map(configOf) })

/** The files that applications import by name. */
function entriesOf(name: string): string[] {
  const folder = join(packages, name)
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, string | Record<string, string>>
  }
  return Object.values(exports).flatMap((to) =>
    typeof to === 'string' ? [] : [join(folder, to['lelu:source'] ?? '')],
  )
}

/** What a file exports and the package itself has made: under `export *`, as a default and under another name too. */
function exportsOf({ program, checker }: Project, entry: string, name: string): Named[] {
  const file = program.getSourceFile(entry)
  const module = file && checker.getSymbolAtLocation(file)
  if (module === undefined) throw new Error(`${entry} is no module of its package`)
  const isOwn = ({ path }: { path: string }) => path.startsWith(join(packages, name, 'src/'))
  return checker
    .getExportsOfModule(module)
    .map((one) => (one.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(one) : one))
    .filter(({ declarations }) => declarations.some(isOwn))
}

/** Its name, and those of its measures, as far as nothing explains them. */
function unexplained(checker: Checker, symbol: Named): string[] {
  const docstring = checker.getDocumentationCommentOfSymbol(symbol)
  const isType = symbol.flags & (SymbolFlags.TypeAlias | SymbolFlags.Interface)
  const members = isType ? checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)) : []
  const measures = members.filter(
    (one) =>
      measure.test(one.name) &&
      !docstring.includes(one.name) &&
      checker.getDocumentationCommentOfSymbol(one) === '',
  )
  return [
    ...(docstring === '' ? [symbol.name] : []),
    ...measures.map((one) => `${symbol.name}.${one.name}`),
  ]
}

test.each(complete)('every name that @lelu/%s exports is explained', (name) => {
  const project = snapshot.getProject(configOf(name))
  if (project === undefined) throw new Error(`${name} has no project`)
  const names = entriesOf(name).flatMap((entry) => exportsOf(project, entry, name))
  expect(names.length).toBeGreaterThan(10)
  expect(names.flatMap((one) => unexplained(project.checker, one))).toEqual([])
})
