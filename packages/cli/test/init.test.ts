import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sampleRequest, starterFiles } from '../src/init/starter.ts'
import { queueOfOne, run, temporaryFolder, trade, writeRequest } from './support.ts'

test('init makes a policy that checks, passes its tests with full coverage, is formatted, and decides', async () => {
  const folder = temporaryFolder()
  const { code, stdout, stderr } = await run(['init', folder])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  for (const { path } of starterFiles) {
    expect(stdout).toContain(`made     ${join(folder, path)}\n`)
  }
  expect(stdout).toMatch(/Next\n[\s\S]*To undo\n {2}rm -r .*\/policies\/policy\.rego .*\.lelu\n/)
  const policies = join(folder, 'policies')
  expect((await run(['policy', 'check', policies])).stdout).toBe(
    'ok: 2 files, 0 errors, 0 warnings\n',
  )
  const tested = await run(['policy', 'test', policies, '--coverage', '--json'])
  expect(JSON.parse(tested.stdout)).toMatchObject({ ok: true, coverage: { covered: 100 } })
  expect((await run(['policy', 'fmt', policies])).code).toBe(0)
  const decide = (value: number | null) => {
    const stdin = JSON.stringify(
      trade({ confidence: { method: 'verbalized', trust: 'claimed', value, score: null } }),
    )
    return run(['decide', '--policies', policies, '--input', '-', '-C', join(folder, '.lelu')], {
      stdin,
    })
  }
  const effects = []
  for (const value of [0.95, 0.85, 0.3, null])
    effects.push(JSON.parse((await decide(value)).stdout).effect)
  expect(effects).toEqual(['allow', 'require_approval', 'deny', 'deny'])
  expect((await run(['approvals', 'list', '-C', join(folder, '.lelu')])).code).toBe(0)
})

test('each line under Next works as it is printed', async () => {
  const folder = join(temporaryFolder(), 'my agents')
  const { stdout } = await run(['init', folder])
  const lines = [...stdout.matchAll(/^ {2}lelu (.*)$/gm)].map(([, line = '']) => line)
  expect(lines).toHaveLength(3)
  for (const line of lines) {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain)
    const answer = await run(words as string[])
    expect({ line, code: answer.code, stderr: answer.stderr }).toEqual({
      line,
      code: 0,
      stderr: '',
    })
    if (line.startsWith('decide')) expect(JSON.parse(answer.stdout).effect).toBe('require_approval')
  }
  // It has just read `require_approval`, and finds nobody waiting.
  expect(stdout).toContain('(empty until an agent has called a tool that waits')
})

test('the README of the policies shows the request that init writes', () => {
  const readme = readFileSync(new URL('../../../policies/README.md', import.meta.url), 'utf8')
  expect(readme).toContain(`\n${sampleRequest}`)
})

test('the keys are nobody else’s to read, and git ignores the directory', async () => {
  const folder = temporaryFolder()
  await run(['init', folder])
  expect(statSync(join(folder, '.lelu', 'keys', 'keyring.json')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('.lelu/\n')
})

test('beside a policy of one’s own init writes no rule, so what was denied is denied still', async () => {
  const folder = temporaryFolder()
  const policies = join(folder, 'policies')
  mkdirSync(join(policies, 'team'), { recursive: true })
  const mine = 'package lelu.authz\n\nallow if input.action == "read_report"\n'
  writeFileSync(join(policies, 'team', 'reports.rego'), mine)
  const { code, stdout, stderr } = await run(['init', folder])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain(
    `kept     ${policies}: your policy is there, so no starter policy was written\n`,
  )
  expect(stdout).toContain(`lelu policy check ${policies}\n`)
  expect(readdirSync(policies)).toEqual(['team'])
  expect(existsSync(join(folder, '.lelu', 'keys', 'keyring.json'))).toBe(true)
  expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('.lelu/\n')
  const sure = trade({
    confidence: { method: 'external', trust: 'claimed', value: 1, score: null },
  })
  const request = ['--input', writeRequest(folder, sure), '-C', join(folder, '.lelu')]
  const decided = await run(['decide', '--policies', policies, ...request])
  expect(JSON.parse(decided.stdout).effect).toBe('deny')
})

test('a policy that a link leads to, or that does not compile yet, is one’s own too', async () => {
  for (const put of [
    (policies: string) => symlinkSync(temporaryFolder(), join(policies, 'shared')),
    (policies: string) => writeFileSync(join(policies, 'mine.rego'), 'package acme\n\nallow if {'),
  ]) {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'policies'))
    put(join(folder, 'policies'))
    const { code, stdout } = await run(['init', folder, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout).kept).toEqual([join(folder, 'policies')])
    expect(existsSync(join(folder, '.lelu', 'keys', 'keyring.json'))).toBe(true)
  }
})

test('an init that was interrupted is completed by the next one', async () => {
  const folder = temporaryFolder()
  await run(['init', folder])
  const data = join(folder, 'policies', 'data.json')
  rmSync(data)
  const { made } = JSON.parse((await run(['init', folder, '--json'])).stdout)
  expect(made).toEqual([data])
})

test('init never overwrites, and run again it changes nothing', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, '.gitignore'), 'node_modules')
  await run(['init', folder])
  const policy = join(folder, 'policies', 'policy.rego')
  const mine = 'package lelu.authz\n\nallow := true\n'
  writeFileSync(policy, mine)
  const keys = readFileSync(join(folder, '.lelu', 'keys', 'keyring.json'), 'utf8')
  const { code, stdout } = await run(['init', folder, '--json'])
  expect(JSON.parse(stdout)).toMatchObject({
    made: [],
    changed: [],
    kept: expect.arrayContaining([join(folder, 'policies')]),
  })
  expect(code).toBe(0)
  expect(readFileSync(policy, 'utf8')).toBe(mine)
  expect(readFileSync(join(folder, '.lelu', 'keys', 'keyring.json'), 'utf8')).toBe(keys)
  expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('node_modules\n.lelu/\n')
})

test('a directory elsewhere is made there and not ignored here', async () => {
  const folder = temporaryFolder()
  const directory = join(temporaryFolder(), 'state')
  await run(['init', folder, '--directory', directory])
  expect(existsSync(join(directory, 'keys', 'keyring.json'))).toBe(true)
  expect(existsSync(join(folder, '.lelu'))).toBe(false)
  expect(existsSync(join(folder, '.gitignore'))).toBe(false)
})

test('in a directory that was there, only what is new is named', async () => {
  const folder = temporaryFolder()
  const directory = join(folder, '.lelu')
  mkdirSync(directory)
  writeFileSync(join(directory, 'notes'), 'mine')
  const { made } = JSON.parse((await run(['init', folder, '--json'])).stdout)
  expect(made).toContain(join(directory, 'keys'))
  expect(made).not.toContain(directory)
  expect(made).not.toContain(join(directory, 'notes'))
})

test('init makes no new keys beside approvals that were sealed with lost ones', async () => {
  const { directory } = await queueOfOne()
  rmSync(join(directory, 'keys'), { recursive: true })
  const { code, stderr } = await run(['init', temporaryFolder(), '-C', directory])
  expect(stderr).toContain('LELU_KEYS_NOT_FOUND')
  expect(code).toBe(1)
  expect(existsSync(join(directory, 'keys'))).toBe(false)
})

test('where a file stands in the place of a folder, init says so and overwrites nothing', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'policies'), 'mine')
  const { code, stderr } = await run(['init', folder])
  expect(stderr).toMatch(/LELU_FILE_FAILED[\s\S]*help: /)
  expect(code).toBe(1)
  expect(readFileSync(join(folder, 'policies'), 'utf8')).toBe('mine')
})
