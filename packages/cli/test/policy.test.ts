import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { run, temporaryFolder, trade, writeRequest } from './support.ts'

const overview = `allow {
input.action == "trade"
input.confidence >= 0.90
}
require_approval {
input.action == "trade"
input.confidence < 0.90
}
`
const authz = `package lelu.authz

allow if input.confidence >= 0.9

require_approval contains {"id": "unsure", "reason": "Not sure."} if input.confidence < 0.9
`
const authzTest = `package lelu.authz_test

import data.lelu.authz

test_sure if authz.allow with input as {"confidence": 0.95}

test_unsure if count(authz.require_approval) == 1 with input as {"confidence": 0.5}
`

function policies(files: Record<string, string>): string {
  const folder = join(temporaryFolder(), 'policies')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}

test('check finds nothing wrong in a good policy', async () => {
  const folder = policies({ 'policy.rego': authz, 'policy_test.rego': authzTest })
  const { code, stdout, stderr } = await run(['policy', 'check', folder])
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: 'ok: 2 files, 0 errors, 0 warnings\n',
    stderr: '',
  })
})

test('check shows the warnings of the overview’s rules, and passes them', async () => {
  const folder = policies({ 'trade.rego': overview })
  const { code, stdout } = await run(['policy', 'check', folder])
  expect(stdout).toContain(`${folder}/trade.rego:1:1: warning: `)
  expect(stdout).toMatch(
    /\(lelu_package_missing\)[\s\S]*\(lelu_rego_v0\)[\s\S]*ok: 1 file, 0 errors, 2 warnings/,
  )
  expect(code).toBe(0)
})

test('check names every error of every file, tests included, by place, code and text', async () => {
  const folder = policies({
    'a.rego': 'package lelu.authz\n\nallow if nobody_knows(input)\n',
    'sub/b.rego': 'package lelu.more\n\nx := unheard_of(1)\n',
    'b_test.rego': 'package lelu.authz_test\n\ntest_x if {\n',
  })
  const { code, stdout } = await run(['policy', 'check', folder])
  expect(stdout).toMatch(/b_test\.rego:\d+:\d+: error: .*\(rego_parse_error\)/)
  expect(stdout).toMatch(/^failed: 3 files, 1 error, 0 warnings$/m)
  expect(code).toBe(1)
  writeFileSync(join(folder, 'b_test.rego'), authzTest)
  const second = await run(['policy', 'check', folder, '--json'])
  const { ok, issues } = JSON.parse(second.stdout)
  expect(ok).toBe(false)
  expect(second.code).toBe(1)
  for (const [file, line] of [
    ['a.rego', 3],
    ['sub/b.rego', 3],
  ]) {
    expect(issues).toContainEqual(expect.objectContaining({ severity: 'error', file, line }))
  }
})

test('check refuses what the engine would not load: none of the three rules, in words', async () => {
  const folder = policies({ 'policy.rego': 'package my.rules\n\nallow := true\n' })
  const { code, stdout } = await run(['policy', 'check', folder])
  expect(stdout).toContain('lelu.authz has none of the rules allow, require_approval and deny')
  expect(code).toBe(1)
  expect((await run(['policy', 'check', folder, '--package', 'my.rules'])).code).toBe(0)
})

test('check refuses a built-in that would make a decision unrepeatable', async () => {
  const folder = policies({ 'policy.rego': 'package lelu.authz\n\nallow if time.now_ns() > 0\n' })
  const { code, stdout } = await run(['policy', 'check', folder])
  expect(stdout).toMatch(/policy\.rego:3:\d+: error: .*time\.now_ns/)
  expect(code).toBe(1)
})

test('test runs the tests, names the failing one with its trace, and ends with 1', async () => {
  const folder = policies({
    'policy.rego': authz,
    'policy_test.rego': `${authzTest}\ntest_wrong if authz.allow with input as {"confidence": 0.1}\n`,
  })
  const { code, stdout } = await run(['policy', 'test', folder])
  expect(stdout).toMatch(/pass {2}data\.lelu\.authz_test\.test_sure {2}.*policy_test\.rego:5/)
  expect(stdout).toMatch(
    /FAIL {2}data\.lelu\.authz_test\.test_wrong {2}.*policy_test\.rego:9\n[\s\S]*Fail/,
  )
  expect(stdout).toContain('failed: 2 passed, 1 failed, 0 skipped')
  expect(code).toBe(1)
})

test('test --run picks, --coverage tells the lines no test reached, --json carries both', async () => {
  const folder = policies({ 'policy.rego': authz, 'policy_test.rego': authzTest })
  const { code, stdout } = await run([
    'policy',
    'test',
    folder,
    '--run',
    'test_sure$',
    '--coverage',
  ])
  expect(stdout).toContain('ok: 1 passed, 0 failed')
  expect(stdout).toContain(`not covered  ${folder}/policy.rego:5`)
  expect(code).toBe(0)
  const json = JSON.parse((await run(['policy', 'test', folder, '--coverage', '--json'])).stdout)
  expect(json).toMatchObject({ ok: true, coverage: { covered: 100 } })
  expect(json.results).toHaveLength(2)
})

test('no test at all is not a success', async () => {
  const without = policies({ 'policy.rego': authz })
  const filtered = policies({ 'policy.rego': authz, 'policy_test.rego': authzTest })
  for (const argv of [[without], [filtered, '--run', 'nothing_like_it']]) {
    const { code, stderr } = await run(['policy', 'test', ...argv])
    expect(stderr).toContain('LELU_TESTS_NOT_FOUND')
    expect(code).toBe(1)
  }
})

test('a broken policy is not tested: its errors are shown', async () => {
  const folder = policies({
    'policy.rego': 'package lelu.authz\n\nallow if {\n',
    'policy_test.rego': authzTest,
  })
  const { code, stderr } = await run(['policy', 'test', folder])
  expect(stderr).toMatch(/LELU_POLICY_INVALID[\s\S]*policy\.rego:/)
  expect(code).toBe(1)
})

test('fmt lists what is not formatted and changes nothing; --write formats; then there is nothing left to do', async () => {
  const folder = policies({
    'good.rego': authz,
    'bad.rego': 'package lelu.authz\ndeny   if  false\n',
    'bad_test.rego': 'package t\ntest_a   if true\n',
  })
  for (const flag of [[], ['--check']]) {
    const { code, stdout } = await run(['policy', 'fmt', folder, ...flag])
    expect(stdout).toContain(
      `not formatted  ${folder}/bad.rego\nnot formatted  ${folder}/bad_test.rego\n`,
    )
    expect(stdout).not.toContain('good.rego')
    expect(code).toBe(1)
  }
  expect(readFileSync(join(folder, 'bad.rego'), 'utf8')).toContain('deny   if')
  const written = await run(['policy', 'fmt', folder, '--write', '--json'])
  expect(JSON.parse(written.stdout)).toEqual({
    files: 3,
    written: [`${folder}/bad.rego`, `${folder}/bad_test.rego`],
  })
  expect(written.code).toBe(0)
  expect(readFileSync(join(folder, 'bad.rego'), 'utf8')).toBe(
    'package lelu.authz\n\ndeny if false\n',
  )
  expect((await run(['policy', 'fmt', folder])).code).toBe(0)
})

test('fmt --write keeps mode and links, and writes nothing when one of the files is broken', async () => {
  const folder = policies({ 'a.rego': 'package a\nx   := 1\n', 'z.rego': 'package {' })
  const broken = await run(['policy', 'fmt', folder, '--write'])
  expect(broken.stderr).toMatch(/LELU_POLICY_INVALID[\s\S]*z\.rego/)
  expect(broken.code).toBe(1)
  expect(readFileSync(join(folder, 'a.rego'), 'utf8')).toBe('package a\nx   := 1\n')
  const { mode } = statSync(join(folder, 'a.rego'))
  const link = join(temporaryFolder(), 'link.rego')
  symlinkSync(join(folder, 'a.rego'), link)
  expect((await run(['policy', 'fmt', link, '--write'])).code).toBe(0)
  expect(readFileSync(join(folder, 'a.rego'), 'utf8')).toBe('package a\n\nx := 1\n')
  expect(statSync(join(folder, 'a.rego')).mode).toBe(mode)
})

test('fmt --upgrade turns the overview’s rules into Rego v1 that decides the same', async () => {
  const folder = policies({ 'trade.rego': overview })
  await run(['policy', 'fmt', folder, '--upgrade', '--write'])
  expect(readFileSync(join(folder, 'trade.rego'), 'utf8')).toMatch(
    /package lelu\.authz[\s\S]*allow if \{/,
  )
  expect((await run(['policy', 'check', folder])).stdout).toBe('ok: 1 file, 0 errors, 0 warnings\n')
})

test('explain tells the effect, the reasons and the rules that were true, and records nothing', async () => {
  const folder = policies({ 'policy.rego': authz })
  const file = writeRequest(temporaryFolder())
  const directory = join(temporaryFolder(), 'lelu')
  const { code, stdout, stderr } = await run([
    'policy',
    'explain',
    folder,
    '--input',
    file,
    '-C',
    directory,
  ])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^require_approval\n {2}Not sure\. \(unsure\)/)
  expect(stdout).toContain(`${folder}/policy.rego:5  lelu.authz.require_approval`)
  expect(stdout).not.toContain('Trace')
  expect(() => statSync(directory)).toThrow('ENOENT')
})

test('explain --trace shows each step, --json the Rego input as well', async () => {
  const folder = policies({ 'policy.rego': authz })
  const stdin = JSON.stringify(
    trade({ confidence: { method: 'external', trust: 'adapter', value: 0.95, score: 3 } }),
  )
  const { stdout } = await run(['policy', 'explain', folder, '--input', '-', '--trace'], { stdin })
  expect(stdout).toMatch(/^allow\n[\s\S]*Trace\n[\s\S]*policy\.rego:3 .*enter lelu\.authz\.allow/)
  const json = JSON.parse(
    (await run(['policy', 'explain', folder, '--input', '-', '--json'], { stdin })).stdout,
  )
  expect(json).toMatchObject({
    effect: 'allow',
    input: { action: 'trade', confidence: 0.95, acting_for: { id: 'alice' } },
  })
  expect(json.fired).toEqual([{ rule: 'lelu.authz.allow', file: 'policy.rego', line: 3 }])
  expect(json).not.toHaveProperty('trace')
})

test('explain says when no rule was true, and an unknown obligation denies as it would in an engine', async () => {
  const silent = policies({
    'policy.rego': 'package lelu.authz\n\nallow if input.action == "other"\n',
  })
  const stdin = JSON.stringify(trade())
  const { stdout } = await run(['policy', 'explain', silent, '--input', '-'], { stdin })
  expect(stdout).toMatch(/^deny\n.*\(no_rule_allowed\)[\s\S]*No rule was true\./)
  const obliging = policies({
    'policy.rego': 'package lelu.authz\n\nallow := true\n\nobligations contains {"type": "mask"}\n',
  })
  const explain = (...flags: string[]) =>
    run(['policy', 'explain', obliging, '--input', '-', ...flags], { stdin })
  expect((await explain()).stdout).toMatch(/^deny\n.*\(obligation_unknown\)/)
  expect((await explain('--obligation', 'mask')).stdout).toMatch(
    /^allow\n[\s\S]*obligation \{"type":"mask"\}/,
  )
})
