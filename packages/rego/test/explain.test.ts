import { describe, expect, it } from 'vitest'
import { explain } from '../src/index.ts'
import { failure } from './support/failure.ts'
import { overview, policy } from './support/policies.ts'

const modules = [policy(overview)]

describe('explain', () => {
  it('gives the value, the rules that succeeded and the steps', async () => {
    const input = { action: 'trade', confidence: 0.5 }
    const result = await explain({ modules, input, query: 'data.lelu.authz' })
    expect(result.result).toEqual({ require_approval: true })
    expect(result.fired).toEqual([
      { rule: 'lelu.authz.require_approval', file: 'policy.rego', line: 5 },
    ])
    const failed = result.trace.filter((one) => one.op === 'fail' && one.file !== '')
    expect(failed).toMatchObject([{ line: 3, text: 'input.confidence >= 0.90' }])
    expect(Math.max(...result.trace.map((one) => one.depth))).toBe(1)
    expect(result.truncated).toBe(false)
  })

  it('gives undefined for a rule without a value, and false and null as they are', async () => {
    const source = policy('package a\n\nyes if input.x\n\nno := false\n\nnothing := null\n')
    const ask = async (query: string) =>
      (await explain({ modules: [source], input: {}, query })).result
    expect(await ask('data.a.yes')).toBeUndefined()
    expect(await ask('data.a.no')).toBe(false)
    expect(await ask('data.a.nothing')).toBeNull()
  })

  it.each([
    ['null', null],
    ['0', 0],
    ['an empty string', ''],
    ['false', false],
  ])('hands %s over as the input', async (_, input) => {
    const result = await explain({
      modules: [policy('package a\n\nx := input\n')],
      input,
      query: 'data.a.x',
    })
    expect(result.result).toBe(input)
  })

  it('knows the metadata and the lines of a file without a package line', async () => {
    const source = policy(
      '# METADATA\n# title: mine\nallow if rego.metadata.rule().title == "mine"\n',
    )
    const result = await explain({ modules: [source], input: {}, query: 'data.lelu.authz.allow' })
    expect(result.result).toBe(true)
    expect(result.fired).toEqual([{ rule: 'lelu.authz.allow', file: 'policy.rego', line: 3 }])
    expect(result.trace.filter((one) => one.file !== '').map((one) => one.line)).not.toContain(4)
  })

  it('gives sets as arrays and reads the data', async () => {
    const source = policy('package a\n\nx contains y if some y in data.list\n')
    const options = { modules: [source], data: { list: [2, 1, 2] }, input: {}, query: 'data.a.x' }
    expect((await explain(options)).result).toEqual([1, 2])
  })

  it.each(['input.x', 'data.a[_]', 'data.a; data.b', 'http.send({})', 'x', ''])(
    'refuses the query %s',
    async (query) => {
      expect((await failure(explain({ modules, input: {}, query }))).code).toBe(
        'LELU_OPTIONS_INVALID',
      )
    },
  )

  it('refuses the clock and random numbers', async () => {
    const source = policy('package a\n\nx := rand.intn("a", 9)\n')
    const error = await failure(explain({ modules: [source], input: {}, query: 'data.a.x' }))
    expect(error.issues[0]?.code).toBe('lelu_nondeterministic')
  })

  it('reaches for no host, also not for a remote schema', async () => {
    const source = policy(
      'package a\n\nx := json.verify_schema({"$ref": "http://127.0.0.1:9/x.json"})\n',
    )
    const { result } = await explain({ modules: [source], input: {}, query: 'data.a.x' })
    expect(JSON.stringify(result)).toMatch(/^\[false,".*disabled/)
  })

  it('stops an evaluation that runs too long, and the compiler goes on', async () => {
    const source = policy(
      'package a\n\nx if { some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i + j < 0 }\n',
    )
    const error = await failure(
      explain({ modules: [source], input: {}, query: 'data.a.x', timeoutMs: 50 }),
    )
    expect(error.code).toBe('LELU_COMPILER_TIMEOUT')
    expect((await explain({ modules, input: {}, query: 'data.lelu.authz' })).result).toEqual({})
  })

  it('cuts the trace of a long evaluation, not its answer', async () => {
    const source = policy(
      'package a\n\nx := count([i | some i in numbers.range(1, 5000); i % 2 == 0])\n',
    )
    const result = await explain({ modules: [source], input: {}, query: 'data.a.x' })
    expect(result).toMatchObject({ result: 2500, truncated: true })
    expect(result.trace).toHaveLength(10_000)
  })

  it('throws for two values of one rule, without the values', async () => {
    const source = policy('package a\n\nx := v if some v in input.secrets\n')
    const input = { secrets: ['hunter2', 'swordfish'] }
    const error = await failure(explain({ modules: [source], input, query: 'data.a.x' }))
    expect(error.issues[0]).toMatchObject({ code: 'eval_conflict_error', line: 3 })
    expect(error.message).not.toContain('hunter2')
  })

  it('refuses an input that is no JSON, without showing it', async () => {
    const input = { card: '4111', at: new Date() } as unknown as null
    const error = await failure(explain({ modules, input, query: 'data.lelu.authz' }))
    expect(error.code).toBe('LELU_OPTIONS_INVALID')
    expect(error.message).toContain('input.at')
    expect(error.message).not.toContain('4111')
  })
})
