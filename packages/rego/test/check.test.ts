import { describe, expect, it } from 'vitest'
import { check } from '../src/index.ts'
import { overview, policy } from './support/policies.ts'

describe('check', () => {
  it('describes each file that parses', async () => {
    const modules = [
      policy(overview, 'a.rego'),
      policy(
        'package lelu.authz\n\nimport rego.v1\n\ndeny contains "x" if input.y\n\nlimits.max := 3\n',
        'b.rego',
      ),
    ]
    const result = await check({ modules })
    expect(result.ok).toBe(true)
    expect(result.modules).toEqual([
      {
        path: 'a.rego',
        package: 'lelu.authz',
        regoVersion: 'v0',
        rules: ['allow', 'require_approval'],
      },
      { path: 'b.rego', package: 'lelu.authz', regoVersion: 'v1', rules: ['deny', 'limits.max'] },
    ])
  })

  it('gives the errors as a result, beside the warnings', async () => {
    const result = await check({
      modules: [policy('allow if {\n  input.x >\n}\n'), policy(overview, 'z.rego')],
    })
    expect(result.ok).toBe(false)
    expect(result.issues.filter((one) => one.severity === 'error')).toMatchObject([
      { code: 'rego_parse_error', file: 'policy.rego' },
    ])
    expect(result.issues.some((one) => one.code === 'lelu_rego_v0')).toBe(true)
  })

  it('warns of unused variables and imports, and stays ok', async () => {
    const source = 'package a\n\nimport data.other\n\nallow if { x := 1; input.y }\n'
    const result = await check({ modules: [policy(source)] })
    expect(result.ok).toBe(true)
    expect(result.issues.map((one) => [one.severity, one.line])).toEqual([
      ['warning', 3],
      ['warning', 5],
    ])
  })

  it('refuses built-ins that answer differently each time, and data that answers for rules', async () => {
    const modules = [policy('package a\n\nallow if time.now_ns() > 1\n')]
    const result = await check({ modules, data: { a: 1 } })
    expect(result.issues.map((one) => one.code).sort()).toEqual([
      'lelu_data_conflict',
      'lelu_nondeterministic',
    ])
  })

  it('reads a file with a byte order mark and Windows line ends', async () => {
    const result = await check({ modules: [policy('\ufeffpackage a\r\n\r\nallow if input.x\r\n')] })
    expect(result).toMatchObject({ ok: true, issues: [] })
  })

  it('takes "package" in a comment or a longer word for no package line', async () => {
    const modules = [
      policy('# package x\n\nallow if input.a\n', 'a.rego'),
      policy('packages := 1\n', 'b.rego'),
      policy('# about\n\n  package c\n\nallow if input.a\n', 'c.rego'),
      policy('package\nd\n\nallow if input.a\n', 'd.rego'),
    ]
    const result = await check({ modules })
    expect(result.modules.map((one) => one.package)).toEqual(['lelu.authz', 'lelu.authz', 'c', 'd'])
  })

  it('refuses an empty file', async () => {
    expect((await check({ modules: [policy('# nothing\n')] })).ok).toBe(false)
  })
})
