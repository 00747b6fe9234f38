import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run, temporaryFolder, trade, writeRequest } from './support.ts'

const policy = `package lelu.authz

allow if input.confidence >= 0.9

require_approval if {
	input.action == "trade"
	input.confidence < 0.9
}
`

function place(): { policies: string; directory: string; folder: string } {
  const folder = temporaryFolder()
  const policies = join(folder, 'policies')
  mkdirSync(policies)
  writeFileSync(join(policies, 'policy.rego'), policy)
  return { folder, policies, directory: join(folder, 'lelu') }
}

const sure = (value: number) =>
  trade({ confidence: { method: 'external', trust: 'adapter', value, score: null } })

test('decide answers the decision as one JSON line, with 0 whatever the effect', async () => {
  const { policies, directory, folder } = place()
  for (const [request, effect] of [
    [sure(0.95), 'allow'],
    [sure(0.5), 'require_approval'],
    [{ ...sure(0.5), call: { id: 'c', tool: 'other', input: null } }, 'deny'],
  ] as const) {
    const file = writeRequest(folder, request)
    const argv = ['decide', '--policies', policies, '--input', file, '-C', directory]
    const { code, stdout, stderr } = await run(argv)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.trimEnd().split('\n')).toHaveLength(1)
    const decision = JSON.parse(stdout)
    expect(Object.keys(decision)).toEqual([
      'id',
      'effect',
      'reasons',
      'confidence',
      'policy',
      'obligations',
      'audit',
    ])
    expect(decision.effect).toBe(effect)
  }
})

test('standard input is as good as a file; a terminal gets it readable, unless --json', async () => {
  const { policies, directory } = place()
  const argv = ['decide', '--policies', policies, '--input', '-', '-C', directory]
  const stdin = JSON.stringify(sure(0.95))
  const pretty = await run(argv, { stdin, terminal: true })
  expect(pretty.stdout).toContain('\n  "effect": "allow",\n')
  expect((await run([...argv, '--json'], { stdin, terminal: true })).stdout).toMatch(
    /^\{"id".*\}\n$/,
  )
})

test('the record is where the decision says it is, and suspends nothing', async () => {
  const { policies, directory } = place()
  const argv = ['decide', '--policies', policies, '--input', '-', '-C', directory]
  const { stdout } = await run(argv, { stdin: JSON.stringify(sure(0.5)) })
  const { id, audit } = JSON.parse(stdout)
  const tail = await run(['audit', 'tail', '--json', '-n', '50', '-C', directory])
  const lines = tail.stdout.trimEnd().split('\n')
  const line = lines.find((one) => JSON.parse(one).id === id) ?? ''
  const { stream, seq, leaf } = audit
  const told = { kind: 'decision', stream, seq, decision: 'require_approval' }
  expect(JSON.parse(line)).toMatchObject(told)
  expect(hash('sha256', `\0${line}`, 'base64')).toBe(leaf)
  const queue = await run(['approvals', 'list', '--state', 'all', '--json', '-C', directory])
  expect(JSON.parse(queue.stdout).approvals).toEqual([])
  expect((await run(['audit', 'verify', '-C', directory])).code).toBe(0)
})

test('--package names another package, --obligation what the host carries out', async () => {
  const { policies, directory } = place()
  const rules = 'package mine\n\nallow := true\n\nobligations contains {"type": "mask"}\n'
  writeFileSync(join(policies, 'policy.rego'), rules)
  const decide = async (...flags: string[]) => {
    const argv = ['decide', '--policies', policies, '--input', '-', '-C', directory, ...flags]
    return JSON.parse((await run(argv, { stdin: JSON.stringify(sure(1)) })).stdout)
  }
  expect((await decide('--package', 'mine')).effect).toBe('deny')
  expect(await decide('--package', 'mine', '--obligation', 'mask')).toMatchObject({
    effect: 'allow',
    obligations: [{ type: 'mask' }],
  })
})

test('a request that is refused leaves no trace', async () => {
  const { policies, directory, folder } = place()
  const argv = ['decide', '--policies', policies, '--input', '-', '-C', directory]
  expect((await run(argv, { stdin: '{}' })).code).toBe(1)
  expect(readdirSync(folder)).toEqual(['policies'])
})

test('a policy that does not load leaves no directory behind, also none above it', async () => {
  const { policies, folder } = place()
  writeFileSync(join(policies, 'policy.rego'), 'package lelu.authz\n\nallow if {\n')
  const directory = join(folder, 'deep', 'lelu')
  const argv = ['decide', '--policies', policies, '--input', '-', '-C', directory]
  expect((await run(argv, { stdin: JSON.stringify(sure(1)) })).code).toBe(1)
  expect(readdirSync(folder)).toEqual(['policies'])
})

test("the overview's rules, verbatim, decide, with a warning for what they lack", async () => {
  const { directory, folder } = place()
  const policies = join(folder, 'overview')
  mkdirSync(policies)
  const rule = (head: string, condition: string) =>
    `${head} {\ninput.action == "trade"\ninput.confidence ${condition}\n}\n`
  const source = `${rule('allow', '>= 0.90')}${rule('require_approval', '< 0.90')}`
  writeFileSync(join(policies, 'trading.rego'), source)
  const argv = ['decide', '--policies', policies, '--input', '-', '-C', directory]
  for (const [value, effect] of [
    [0.97, 'allow'],
    [0.85, 'require_approval'],
  ] as const) {
    const { code, stdout, stderr } = await run(argv, { stdin: JSON.stringify(sure(value)) })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ effect })
    expect(stderr).toMatch(/trading\.rego:1:1: warning: .*\(lelu_package_missing\)/)
    expect(stderr).toMatch(/trading\.rego:1:1: warning: .*\(lelu_rego_v0\)/)
  }
})
