import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLelu, type LeluOptions } from '../src/index.ts'
import { overviewRules } from './policy/support.ts'
import { overview, suspended, temporaryFolder } from './support.ts'

/** What `git add --all` would take, whatever this user's own settings ignore. */
function seenByGit(root: string): string[] {
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: root, encoding: 'utf8', env })
  git('init', '--quiet')
  return git('ls-files', '--others', '--exclude-standard').split('\n').filter(Boolean)
}

async function startIn(directory: string, policies: LeluOptions['policies']): Promise<void> {
  const lelu = await createLelu({ directory, policies })
  await suspended(lelu)
  await lelu.close()
}

test('git takes neither the keys nor the inputs of a folder that an engine has begun', async () => {
  const root = temporaryFolder()
  const missing = join(root, 'a', '.lelu')
  const empty = join(root, 'b', '.lelu')
  mkdirSync(empty, { recursive: true })
  // Its compiled form is in the folder before the keys are.
  const policies = { modules: [{ path: 'policy.rego', source: overviewRules }] }
  for (const directory of [missing, empty]) {
    await startIn(directory, policies)
    expect(existsSync(join(directory, 'keys', 'keyring.json'))).toBe(true)
  }
  expect(seenByGit(root)).toEqual([])
  await startIn(missing, policies)
  expect(seenByGit(root)).toEqual([])
})

test('of a folder that held something before, git still sees what it held', async () => {
  const directory = temporaryFolder()
  writeFileSync(join(directory, 'app.ts'), 'mine')
  await startIn(directory, overview)
  expect(seenByGit(directory)).toContain('app.ts')
  expect(readdirSync(directory)).not.toContain('.gitignore')
})
