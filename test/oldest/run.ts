// Runs the adapters' tests with the oldest versions of the frameworks that their peer ranges allow, in a copy of the
// repository: the newest are what every other run has.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

const adapters = ['packages/ai-sdk', 'packages/langchain', 'packages/openai']
const oldest = Object.fromEntries(adapters.flatMap(oldestPeers))

const words = process.argv.slice(2)
const suites = words.length > 0 ? words : adapters

/** The first version of each peer range, such as 7.0.0 of `^7.0.0` and 0.19.0 of `>=0.19.0 <1`. */
function oldestPeers(adapter: string): [name: string, version: string][] {
  const text = readFileSync(join(root, adapter, 'package.json'), 'utf8')
  const { peerDependencies } = JSON.parse(text) as { peerDependencies: Record<string, string> }
  return Object.entries(peerDependencies).map(([name, range]) => {
    const first = range.match(/^(?:\^|>=)(\d+\.\d+\.\d+)( |$)/)?.[1]
    if (first === undefined) throw new Error(`No first version in the range of ${name}: ${range}`)
    return [name, first]
  })
}

function copyOfRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-oldest-'))
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\0')
  for (const file of files.filter((name) => name !== '')) {
    try {
      cpSync(join(root, file), join(folder, file))
    } catch {} // deleted, and not committed yet
  }
  return folder
}

function setVersions(folder: string): void {
  const file = join(folder, 'pnpm-workspace.yaml')
  const lines = readFileSync(file, 'utf8').split('\n')
  const changed = lines.map((line) => {
    const name = line.match(/^ {2}"?([^":]+)"?: \d/)?.[1]
    const version = name === undefined ? undefined : oldest[name]
    return version === undefined ? line : `  "${name}": ${version}`
  })
  // Also where a framework would take a newer one of another: there must be one copy of each. But the Agents SDK
  // brings the newer `openai` that it needs, and hands none of it out.
  const shared = Object.entries(oldest).filter(([name]) => name !== 'openai')
  const overrides = shared.map(([name, version]) => `  "${name}": ${version}`)
  writeFileSync(file, [...changed, 'overrides:', ...overrides, ''].join('\n'))
}

const folder = copyOfRepository()
const run = (...given: string[]) =>
  execFileSync('npx', ['-y', 'pnpm@12', ...given], { cwd: folder, stdio: 'inherit' })

/** A package that is not found once may be found a little later. */
function install(tries = 3): void {
  try {
    run('install', '--no-frozen-lockfile')
  } catch (error) {
    if (tries === 1) throw error
    install(tries - 1)
  }
}

try {
  setVersions(folder)
  install()
  console.log(`The oldest versions: ${JSON.stringify(oldest)}`)
  run('exec', 'vitest', 'run', ...suites)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
