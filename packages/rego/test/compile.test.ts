import { describe, expect, it } from 'vitest'
import {
  check,
  compile,
  compilerInfo,
  explain,
  format,
  RegoError,
  surelyDenied,
  test,
} from '../src/index.ts'
import { evaluate } from './support/evaluate.ts'
import { failure } from './support/failure.ts'
import { entrypoints, overview, policy } from './support/policies.ts'

const build = (source: string, names = ['lelu/authz/allow']) =>
  compile({ modules: [policy(source)], entrypoints: names, cache: false })

describe('the rules of the overview', () => {
  it('compile to the letter, with one warning for v0 and one for the missing package', async () => {
    const compiled = await build(overview, entrypoints)
    expect(compiled.warnings.map((one) => [one.severity, one.code, one.file, one.line])).toEqual([
      ['warning', 'lelu_package_missing', 'policy.rego', 1],
      ['warning', 'lelu_rego_v0', 'policy.rego', 1],
    ])
    expect(compiled.inputPaths).toEqual([['action'], ['confidence']])
    expect(compiled.entrypoints).toEqual(entrypoints)
  })

  it.each([
    [0.97, true, undefined],
    [0.9, true, undefined],
    [0.85, undefined, true],
  ])('at confidence %d decide allow %s and require_approval %s', async (confidence, allow, ask) => {
    const compiled = await build(overview, entrypoints)
    const input = { action: 'trade', confidence }
    expect(await evaluate(compiled, 'lelu/authz/allow', input)).toBe(allow)
    expect(await evaluate(compiled, 'lelu/authz/require_approval', input)).toBe(ask)
  })

  it('decide nothing about another action', async () => {
    const compiled = await build(overview, entrypoints)
    const input = { action: 'delete_database', confidence: 1 }
    expect(await evaluate(compiled, 'lelu/authz/allow', input)).toBeUndefined()
    expect(await evaluate(compiled, 'lelu/authz/require_approval', input)).toBeUndefined()
  })
})

describe('Rego versions', () => {
  const older = policy('package helpers\n\nsmall { input.amount < 10 }\n', 'older.rego')
  const newer = policy('package lelu.authz\n\nallow if data.helpers.small\n', 'newer.rego')

  it('may differ between the files of one policy', async () => {
    const modules = [newer, older]
    const compiled = await compile({ modules, entrypoints: ['lelu/authz/allow'], cache: false })
    expect(compiled.warnings.map((one) => [one.code, one.file])).toEqual([
      ['lelu_rego_v0', 'older.rego'],
    ])
    expect(await evaluate(compiled, 'lelu/authz/allow', { amount: 5 })).toBe(true)
  })

  it('are not guessed when one is named', async () => {
    const options = { entrypoints: ['lelu/authz/allow'], cache: false as const }
    const strict = await failure(
      compile({ ...options, modules: [older, newer], regoVersion: 'v1' }),
    )
    expect(strict.issues.map((one) => one.file)).toContain('older.rego')
    const lenient = await failure(
      compile({ ...options, modules: [older, newer], regoVersion: 'v0' }),
    )
    expect(lenient.issues.map((one) => one.file)).toContain('newer.rego')
  })

  it('fall back to v0 for a file that parses as v1 but holds what only v0 allows', async () => {
    const compiled = await build('package lelu.authz\n\nallow = any([input.a, input.b])\n')
    expect(compiled.warnings.map((one) => one.code)).toEqual(['lelu_rego_v0'])
  })

  it('report the errors of v1 for a file that is neither', async () => {
    const error = await failure(build('package lelu.authz\n\nallow if { input.x > }\n'))
    expect(error.issues).toMatchObject([{ code: 'rego_parse_error', line: 3, column: 22 }])
  })
})

describe('an invalid policy', () => {
  it('is reported whole: every error of every file, each with its place and its line', async () => {
    const modules = [
      policy('package a\n\nallow if missing(1)\n\ndeny if other(2)\n', 'a.rego'),
      policy('package b\n\nx if nowhere(y)\n', 'b.rego'),
    ]
    const error = await failure(compile({ modules, entrypoints: ['a/allow'], cache: false }))
    expect(error.code).toBe('LELU_POLICY_INVALID')
    expect(error.issues.map((one) => [one.code, one.file, one.line, one.column, one.text])).toEqual(
      [
        ['rego_type_error', 'a.rego', 3, 10, 'allow if missing(1)'],
        ['rego_type_error', 'a.rego', 5, 9, 'deny if other(2)'],
        ['rego_type_error', 'b.rego', 3, 6, 'x if nowhere(y)'],
      ],
    )
    expect(error.message).toContain('a.rego:3:10: undefined function missing (rego_type_error)')
    expect(error.message).toContain('b.rego:3:6')
  })

  it('keeps the lines and columns of a file that has no package line', async () => {
    const error = await failure(build('allow if nothing(1)\n\ndeny if nobody(2)\n'))
    const places = error.issues.filter((one) => one.severity === 'error')
    expect(places).toMatchObject([
      { line: 1, column: 10, text: 'allow if nothing(1)' },
      { line: 3, column: 9, text: 'deny if nobody(2)' },
    ])
  })

  it('keeps them for an error of syntax too', async () => {
    const error = await failure(build('allow if {\n  input.x >\n}\n'))
    const places = error.issues.filter((one) => one.severity === 'error')
    expect(places).toMatchObject([{ code: 'rego_parse_error', line: 3, column: 1, text: '}' }])
  })

  it('that nests too deeply for the compiler costs one request, not the next', async () => {
    const deep = `package lelu.authz\n\nallow := ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`
    expect((await failure(build(deep))).code).toMatch(/^LELU_(COMPILER_FAILED|POLICY_INVALID)$/)
    expect((await build('package lelu.authz\n\nallow := true\n')).inputPaths).toEqual([])
  })

  it('throws an error that carries the brand, a code and help', async () => {
    const error = await failure(build('package'))
    expect(error).toBeInstanceOf(RegoError)
    expect(error).toMatchObject({ name: 'RegoError', code: 'LELU_POLICY_INVALID' })
    expect((error as unknown as Record<symbol, unknown>)[Symbol.for('lelu.error')]).toBe(true)
    expect(error.help).not.toBe('')
  })

  it('is refused for an entrypoint it does not have, and names those it has', async () => {
    const error = await failure(build('package lelu.authz\n\nallow := true\n', ['lelu/authz/alow']))
    expect(error.issues).toMatchObject([{ code: 'lelu_entrypoint_missing' }])
    expect(error.message).toContain('lelu/authz/allow')
  })
})

describe('built-ins that answer differently each time', () => {
  it.each([
    ['time.now_ns()', 'input.time'],
    ['http.send({"method": "get", "url": "http://localhost"})', 'from the input'],
    ['rand.intn("x", 10)', 'from the input'],
    ['uuid.rfc4122("x")', 'from the input'],
    ['opa.runtime()', 'from the input'],
    ['net.lookup_ip_addr("localhost")', 'from the input'],
    ['io.jwt.decode_verify(input.t, {"secret": "s"})', 'from the input'],
    ['crypto.x509.parse_and_verify_certificates(input.c)', 'from the input'],
  ])('are refused: %s', async (call, advice) => {
    const error = await failure(build(`package lelu.authz\n\nallow if { x := ${call}; x }\n`))
    expect(error.issues).toMatchObject([
      { code: 'lelu_nondeterministic', file: 'policy.rego', line: 3 },
    ])
    expect(error.message).toContain(advice)
  })

  it('are refused as a replacement for another function too', async () => {
    const source = 'package lelu.authz\n\nallow if abs(3) == 1 with abs as rand.intn\n'
    const error = await failure(build(source))
    expect(error.issues.map((one) => one.code)).toContain('lelu_nondeterministic')
  })

  it('are not confused with a rule of the same name', async () => {
    const modules = [
      policy('package lelu.authz\n\nimport data.time\n\nallow if time.now_ns == 1\n', 'a.rego'),
      policy('package time\n\nnow_ns := 1\n', 'b.rego'),
    ]
    const compiled = await compile({ modules, entrypoints: ['lelu/authz/allow'], cache: false })
    expect(await evaluate(compiled, 'lelu/authz/allow', {})).toBe(true)
  })
})

describe('data', () => {
  const modules = [policy('package lelu.authz\n\nallow if input.amount < data.limits.amount\n')]
  const names = { modules, entrypoints: ['lelu/authz/allow'], cache: false as const }

  it('is part of the result, as a copy, and of the revision', async () => {
    const data = { limits: { amount: 10 } }
    const compiled = await compile({ ...names, data })
    data.limits.amount = 1_000_000
    expect(compiled.data).toEqual({ limits: { amount: 10 } })
    expect(await evaluate(compiled, 'lelu/authz/allow', { amount: 5 })).toBe(true)
    expect(await evaluate(compiled, 'lelu/authz/allow', { amount: 50 })).toBeUndefined()
    expect((await compile({ ...names, data })).revision).not.toBe(compiled.revision)
  })

  it.each([
    ['a rule', { lelu: { authz: { allow: true } } }],
    ['a rule the policy leaves undefined', { lelu: { authz: { deny: [] } } }],
    ['the package', { lelu: { authz: {} } }],
    ['something above the package', { lelu: 1 }],
  ])('is refused where it could answer for %s', async (_, data) => {
    const error = await failure(compile({ ...names, data }))
    expect(error.issues.map((one) => one.code)).toContain('lelu_data_conflict')
  })

  it('is refused at an entrypoint whose package only other files would define', async () => {
    const error = await failure(
      compile({
        ...names,
        entrypoints: ['lelu/authz/allow', 'other/allow'],
        data: { other: { allow: true } },
      }),
    )
    expect(error.issues.map((one) => one.code)).toContain('lelu_data_conflict')
  })

  it('may stand beside the package', async () => {
    const compiled = await compile({
      ...names,
      data: { limits: { amount: 10 }, lelu: { trading: { max: 1 } } },
    })
    expect(await evaluate(compiled, 'lelu/authz/allow', { amount: 5 })).toBe(true)
  })
})

describe('the revision', () => {
  const base = {
    modules: [policy('package a\n\nallow := true\n')],
    entrypoints: ['a/allow'],
    cache: false as const,
  }

  it('and the module are the same for the same policy, whatever the order of files and keys', async () => {
    const other = policy('package b\n\nx := data.limits\n', 'b.rego')
    const [first] = base.modules
    if (!first) throw new Error('no module')
    const one = await compile({ ...base, modules: [first, other], data: { x: 1, limits: {} } })
    const two = await compile({ ...base, modules: [other, first], data: { limits: {}, x: 1 } })
    expect(two.revision).toBe(one.revision)
    expect(Buffer.from(two.wasm).equals(Buffer.from(one.wasm))).toBe(true)
    expect(one.revision).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it('changes with each part', async () => {
    const variants = [
      base,
      { ...base, modules: [policy('package a\n\nallow := true\n# more\n')] },
      { ...base, modules: [policy('package a\n\nallow := true\n', 'renamed.rego')] },
      { ...base, entrypoints: ['a'] },
      { ...base, data: { x: 1 } },
      { ...base, regoVersion: 'v1' as const },
    ]
    const revisions = await Promise.all(variants.map(async (one) => (await compile(one)).revision))
    expect(new Set(revisions).size).toBe(variants.length)
  })
})

describe('options', () => {
  const base = {
    modules: [policy('package a\n\nallow := true\n')],
    entrypoints: ['a/allow'],
    cache: false as const,
  }

  it.each([
    ['no modules', { ...base, modules: [] }],
    ['two modules of one path', { ...base, modules: [...base.modules, ...base.modules] }],
    ['no entrypoints', { ...base, entrypoints: [] }],
    ['an entrypoint that is no path', { ...base, entrypoints: ['data.a.allow'] }],
    ['data that is no object', { ...base, data: [1] }],
    ['data that is no JSON', { ...base, data: { at: Number.NaN } }],
    ['an unknown Rego version', { ...base, regoVersion: 'v9' as 'v1' }],
    ['a lone surrogate', { ...base, modules: [policy('package a\n\nallow := "\ud800"\n')] }],
    ['nothing at all', undefined as never],
    ['null', null as never],
    ['a module that is null', { ...base, modules: [null as never] }],
    ['a cache that is no folder', { ...base, cache: 0 as never }],
  ])('are refused: %s', async (_, options) => {
    expect((await failure(compile(options))).code).toBe('LELU_OPTIONS_INVALID')
  })

  it.each(Object.entries({ check, explain, format, surelyDenied, test }))(
    'are refused by %s when there are none',
    async (_, use) => {
      for (const options of [undefined, null])
        expect((await failure(use(options as never))).code).toBe('LELU_OPTIONS_INVALID')
    },
  )

  it('refuse sources of more than 10 MiB before anything is started', async () => {
    const error = await failure(build(`package a\n# ${'x'.repeat(10 * 1024 * 1024)}\n`))
    expect(error.code).toBe('LELU_POLICY_TOO_LARGE')
    expect(error.message).toContain('10485760')
  })
})

describe('the compiler', () => {
  it('tells what it was built from', () => {
    expect(compilerInfo()).toMatchObject({ opaVersion: '1.22.2', goVersion: 'go1.26.8' })
  })
})
