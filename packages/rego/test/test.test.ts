import { describe, expect, it } from 'vitest'
import { test } from '../src/index.ts'
import { failure } from './support/failure.ts'
import { overview, policy } from './support/policies.ts'

const tests = `package lelu.authz_test

import data.lelu.authz

test_high if authz.allow with input as {"action": "trade", "confidence": 0.95}

test_low if authz.allow with input as {"action": "trade", "confidence": 0.1}

todo_test_later if false

test_table[note] if {
  some note, c in {"sure": 0.99, "unsure": 0.2}
  authz.allow with input as {"action": "trade", "confidence": c}
}

test_print if {
  print("seen", 7)
  true
}
`
const modules = [policy(overview, 'policy.rego'), policy(tests, 'policy_test.rego')]

describe('test', () => {
  it('runs each test and says where, and why it failed', async () => {
    const { ok, results } = await test({ modules })
    expect(ok).toBe(false)
    expect(results.map((one) => [one.name, one.outcome, one.line])).toEqual([
      ['test_high', 'pass', 5],
      ['test_low', 'fail', 7],
      ['todo_test_later', 'skip', 9],
      ['test_table', 'fail', 11],
      ['test_print', 'pass', 16],
    ])
    expect(results[1]).toMatchObject({ package: 'lelu.authz_test', file: 'policy_test.rego' })
    expect(results[1]?.trace).toContain('Fail')
    expect(results[0]?.trace).toBeUndefined()
    expect(results[3]?.message).toBe('failed cases: unsure')
    expect(results[4]?.output).toContain('seen 7')
  })

  it('runs the tests whose full name matches', async () => {
    const { ok, results } = await test({ modules, run: 'authz_test\\.test_high$' })
    expect(ok).toBe(true)
    expect(results.map((one) => one.name)).toEqual(['test_high'])
  })

  it('refuses a run that is no regular expression', async () => {
    expect((await failure(test({ modules, run: '(' }))).code).toBe('LELU_OPTIONS_INVALID')
  })

  it('measures coverage in percent and names the lines that were not reached', async () => {
    const { coverage } = await test({ modules, run: 'test_high', coverage: true })
    const file = coverage?.files['policy.rego']
    expect(file?.coverage).toBe(50)
    expect(file?.notCovered.map((one) => one.start)).toEqual([5, 6, 7])
    expect(coverage?.covered).toBeGreaterThan(0)
    expect((await test({ modules })).coverage).toBeUndefined()
  })

  it('stops a test that runs too long, and goes on with the next', async () => {
    const slow = `package t

test_a if {
  some i in numbers.range(1, 100000)
  some j in numbers.range(1, 100000)
  i + j < 0
}

test_b := true
`
    const { results } = await test({ modules: [policy(slow)], timeoutMs: 50 })
    expect(results.map((one) => [one.name, one.outcome])).toEqual([
      ['test_a', 'error'],
      ['test_b', 'pass'],
    ])
    expect(results[0]?.message).toContain('deadline')
  })

  it('takes a failing built-in for undefined, as the compiled policy does', async () => {
    const source =
      'package t\n\nn := to_number(input.s)\n\ntest_n if not n with input as {"s": "x"}\n'
    expect((await test({ modules: [policy(source)] })).ok).toBe(true)
  })

  it('gives the tests the data', async () => {
    const source = 'package t\n\ntest_d if data.limits.max == 3\n'
    expect((await test({ modules: [policy(source)], data: { limits: { max: 3 } } })).ok).toBe(true)
  })

  it('lets a test check a JSON Schema from the data, and fetches none', async () => {
    const source = `package t

test_fits if json.match_schema({"a": 1}, data.schema)[0]

test_other if not json.match_schema({"a": "x"}, data.schema)[0]

test_remote if not json.match_schema({}, {"$ref": "http://127.0.0.1:9/x.json"})
`
    const schema = { type: 'object', properties: { a: { type: 'number' } } }
    const { results } = await test({ modules: [policy(source)], data: { schema } })
    expect(results.map((one) => one.outcome)).toEqual(['pass', 'pass', 'pass'])
  })

  it('throws for an invalid policy and for the clock', async () => {
    expect((await failure(test({ modules: [policy('package t\n\ntest_a if x\n')] }))).code).toBe(
      'LELU_POLICY_INVALID',
    )
    const clock = 'package t\n\ntest_a if time.now_ns() > 0\n'
    expect((await failure(test({ modules: [policy(clock)] }))).issues[0]?.code).toBe(
      'lelu_nondeterministic',
    )
  })
})
