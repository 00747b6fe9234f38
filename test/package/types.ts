// `pnpm pack-check`, after a build: the types of every entry, as TypeScript finds them in the project of somebody who has
// the packages, in each way that a project may resolve modules. In one of them our declarations are checked too, not only
// found: with those of the frameworks, that takes half a minute.
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const packages = join(root, 'packages')
const ways: Record<string, { words: string[]; files: string[] }> = {
  nodenext: {
    words: ['--module', 'nodenext', '--skipLibCheck', 'false'],
    files: ['entries.ts', 'entries.cts'],
  },
  node16: { words: ['--module', 'node16', '--skipLibCheck'], files: ['entries.ts'] },
  node20: { words: ['--module', 'node20', '--skipLibCheck'], files: ['entries.ts', 'entries.cts'] },
  bundler: {
    words: ['--module', 'esnext', '--moduleResolution', 'bundler', '--skipLibCheck'],
    files: ['entries.ts'],
  },
  preserve: { words: ['--module', 'preserve', '--skipLibCheck'], files: ['entries.ts'] },
}
const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes']
const language = ['--target', 'es2023', '--types', 'node', '--pretty', 'false']

type Manifest = { name: string; exports: Record<string, unknown> }

/** Every entry of every package that has types. */
function entries(): string[] {
  return readdirSync(packages).flatMap((name) => {
    const text = readFileSync(join(packages, name, 'package.json'), 'utf8')
    const { name: full, exports } = JSON.parse(text) as Manifest
    const paths = Object.keys(exports).filter((path) => typeof exports[path] === 'object')
    return paths.map((path) => `${full}${path.slice(1)}`)
  })
}

/** A project that has the packages beside it and nothing else of the repository. */
function makeProject(project: string, found: string[]): void {
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true })
  mkdirSync(join(project, 'node_modules/@lelu'))
  for (const name of readdirSync(packages)) {
    symlinkSync(join(packages, name), join(project, 'node_modules/@lelu', name))
  }
  symlinkSync(join(root, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  const lines = found.map((entry, index) => `export * as entry${index} from '${entry}'\n`).join('')
  for (const file of ['entries.ts', 'entries.cts']) writeFileSync(join(project, file), lines)
}

/** What is wrong in the project or in our declarations. Those of the frameworks are their own affair. */
function errorsIn(project: string, words: string[]): string[] {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const given = [tsc, ...strict, ...language, ...words]
  const { status, stdout } = spawnSync(process.execPath, given, { cwd: project, encoding: 'utf8' })
  if (status === null || status > 2) return [`tsc ended with ${status}`]
  return stdout
    .split('\n')
    .filter((line) => /^(entries\.|\S*packages\/[\w-]+\/).*: error/.test(line))
}

let failed = 0
const project = mkdtempSync(join(tmpdir(), 'lelu-types-'))
try {
  const found = entries()
  makeProject(project, found)
  for (const [name, { words, files }] of Object.entries(ways)) {
    const errors = errorsIn(project, [...words, ...files])
    if (errors.length > 0) failed += 1
    const how = files.length > 1 ? ', from CommonJS as well' : ''
    console.log(
      `${errors.length === 0 ? 'ok  ' : 'FAIL'} ${found.length} entries have types in ${name}${how}`,
    )
    for (const error of errors) console.log(`     ${error}`)
  }
} finally {
  rmSync(project, { recursive: true, force: true })
}
process.exit(failed === 0 ? 0 : 1)
