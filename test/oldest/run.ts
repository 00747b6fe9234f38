// Runs the adapters' tests with the oldest versions of the frameworks that their peer ranges allow, in a copy of the
// repository: the newest are what every other run has.

import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** By package; each is the first version of a peer range, or what that version came with. */
const oldest: Record<string, string> = {
  '@ai-sdk/openai': '4.0.0',
  '@ai-sdk/provider': '4.0.0',
  ai: '7.0.0',
  '@langchain/core': '1.4.0',
  '@langchain/langgraph': '1.7.0',
  '@langchain/langgraph-checkpoint': '1.2.2',
  langchain: '1.5.3',
  '@openai/agents': '0.19.0',
  openai: '7.0.0',
}

const suites = process.argv.slice(2)
if (suites.length === 0) suites.push('packages/ai-sdk', 'packages/langchain', 'packages/openai')

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
try {
  setVersions(folder)
  const run = (...words: string[]) =>
    execFileSync('npx', ['-y', 'pnpm@12', ...words], { cwd: folder, stdio: 'inherit' })
  run('install', '--no-frozen-lockfile')
  console.log(`The oldest versions: ${JSON.stringify(oldest)}`)
  run('exec', 'vitest', 'run', ...suites)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
