import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/policy/load-policy.ts'
import { folderOf, inputOf, load, overviewRules } from './support.ts'

const effectOf = async (rules: string, more = {}) => (await load(rules)).evaluate(inputOf(more))

describe('the rules of the overview, to the letter', () => {
  const loadIt = () =>
    loadPolicy({ policies: folderOf({ 'overview.rego': overviewRules }), cache: false })

  it('load with two warnings: no package, and Rego of before v1', async () => {
    const { warnings, package: name } = await loadIt()
    expect(warnings.map(({ code, file }) => [code, file])).toEqual([
      ['lelu_package_missing', 'overview.rego'],
      ['lelu_rego_v0', 'overview.rego'],
    ])
    expect(name).toBe('lelu.authz')
  })

  it('allow a trade from 0.90 on, ask a reviewer below it, and deny all else', async () => {
    const policy = await loadIt()
    const effect = (more: object) => policy.evaluate(inputOf(more)).effect
    expect(effect({ confidence: 0.97 })).toBe('allow')
    expect(effect({ confidence: 0.9 })).toBe('allow')
    expect(effect({ confidence: 0.85 })).toBe('require_approval')
    expect(effect({ confidence: 0 })).toBe('require_approval')
    expect(effect({ confidence: 1, action: 'delete' })).toBe('deny')
    expect(effect({ confidence: 1, action: '__proto__' })).toBe('deny')
  })
})

describe('a loaded policy', () => {
  it('answers sets, objects, requirements and obligations in one evaluation', async () => {
    const policy = await load(
      `allow if input.confidence > 0.5
require_approval contains {"id": "large", "reason": $"Over {data.limit}.", "quorum": 2} if input.args.amount > data.limit
obligations contains {"type": "log", "level": input.confidence}`,
      { data: { limit: 50 }, obligations: ['log'] },
    )
    expect(policy.evaluate(inputOf())).toEqual({
      effect: 'require_approval',
      reasons: [{ id: 'large', message: 'Over 50.' }],
      obligations: [{ type: 'log', level: 0.95 }],
      requirements: [{ id: 'large', quorum: 2, reviewers: null, expiresInMs: null }],
    })
    expect(policy.evaluate(inputOf({ args: { amount: 5 } })).effect).toBe('allow')
  })

  it('may hold its rules in a package of another name', async () => {
    const modules = [
      { path: 'p.rego', source: 'package acme.agents\n\nallow if input.action == "trade"' },
    ]
    const policy = await loadPolicy({ policies: { modules }, package: 'acme.agents', cache: false })
    expect(policy).toMatchObject({ package: 'acme.agents' })
    expect(policy.evaluate(inputOf()).effect).toBe('allow')
  })

  it('reads data of its folder', async () => {
    const folder = folderOf({
      'policy.rego': 'package lelu.authz\n\nallow if input.args.amount <= data.limits.trade',
      'policy_test.rego': 'not even Rego',
      'limits/data.json': '{"trade":100}',
    })
    const policy = await loadPolicy({ policies: folder, cache: false })
    expect(policy.evaluate(inputOf()).effect).toBe('allow')
    expect(policy.evaluate(inputOf({ args: { amount: 101 } })).effect).toBe('deny')
  })

  it('has a revision that changes with its sources and data, and with nothing else', async () => {
    const revisions = await Promise.all([
      load('allow := true'),
      load('allow := true'),
      load('allow := false'),
      load('allow := true', { data: { a: 1 } }),
    ])
    const [one, same, ...others] = revisions.map(({ revision }) => revision)
    expect(same).toBe(one)
    expect(new Set([one, ...others]).size).toBe(3)
    expect(one).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it('knows what its rules read of the input', async () => {
    expect((await load('allow if input.args.amount < 5')).inputPaths).toEqual([['args', 'amount']])
    expect((await load('allow if walk(input, [_, 7])')).inputPaths).toBe('all')
  })

  it('comes from the cache the second time, with the same revision, warnings and answers', async () => {
    const folder = folderOf({ 'p.rego': overviewRules })
    const cache = join(folder, '.cache')
    const first = await loadPolicy({ policies: folder, cache })
    const files = readdirSync(cache)
    const second = await loadPolicy({ policies: folder, cache })
    expect(files).toHaveLength(1)
    expect(readdirSync(cache)).toEqual(files)
    const functions = { evaluate: null, surelyDenies: null }
    expect({ ...second, ...functions }).toEqual({ ...first, ...functions })
    expect(second.evaluate(inputOf()).effect).toBe('allow')
  })
})

describe('a policy denies, and does not throw,', () => {
  it('when two rules conflict', async () => {
    const errors: unknown[] = []
    const policy = await load(
      'allow := true if input.confidence > 0.5\nallow := false if input.args.amount > 50',
      {
        onError: (error) => errors.push(error),
      },
    )
    expect(policy.evaluate(inputOf())).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'policy_error' }],
    })
    expect(policy.evaluate(inputOf({ args: { amount: 5 } })).effect).toBe('allow')
    expect(errors).toMatchObject([
      {
        code: 'LELU_POLICY_FAILED',
        message: expect.stringContaining('conflict'),
        details: { kind: 'abort' },
      },
    ])
  })

  it('when deny conflicts though allow is true', async () => {
    const answer = await effectOf(
      'allow := true\ndeny := true if input.confidence > 0.5\ndeny := false if input.args.amount > 50',
    )
    expect(answer).toMatchObject({ effect: 'deny', reasons: [{ id: 'policy_error' }] })
  })

  it('when a host built-in fails, as the rule might have been a deny', async () => {
    const answer = await effectOf(
      'allow := true\ndeny if time.weekday(time.parse_rfc3339_ns(input.args.symbol)) == "Sunday"',
    )
    expect(answer).toMatchObject({ effect: 'deny', reasons: [{ id: 'policy_error' }] })
  })

  it('when a rule answers with a value that is no answer', async () => {
    expect(await effectOf('allow := "yes"')).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'policy_result_invalid' }],
    })
    expect(await effectOf('allow := 1')).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'policy_result_invalid' }],
    })
    expect(await effectOf('allow := true\ndeny := {"typo": true}')).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'policy_result_invalid' }],
    })
  })

  it('when it asks for an obligation that the host does not know', async () => {
    expect(await effectOf('allow := true\nobligations contains "encrypt"')).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'obligation_unknown' }],
    })
  })

  // Rego would compare across types: "0.1" >= 0.9 is true there.
  it.each([
    ['confidence', '0.1'],
    ['confidence', undefined],
    ['confidence', null],
    ['confidence', Number.NaN],
    ['confidence', 1.5],
    ['confidence', -1],
    ['action', 7],
    ['action', undefined],
  ])('when %s is %j, which no gated request has', async (name, value) => {
    expect(
      await effectOf('allow if input.confidence >= 0.9\nallow if input.confidence < 0.9', {
        [name]: value,
      }),
    ).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'policy_input_invalid' }],
    })
  })

  it('when the input is not JSON, is null or is none', async () => {
    const policy = await load('allow if input.args != 1')
    const cycle: Record<string, unknown> = {}
    cycle.self = cycle
    expect(policy.evaluate(inputOf({ args: cycle as never }))).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'policy_error' }],
    })
    expect(policy.evaluate(null as never).effect).toBe('deny')
    expect(policy.evaluate(undefined as never).effect).toBe('deny')
  })

  it('when the listener for errors throws', async () => {
    const policy = await load('allow := true if input.confidence\nallow := false if input.action', {
      onError: () => {
        throw new Error('listener')
      },
    })
    expect(policy.evaluate(inputOf()).effect).toBe('deny')
  })
})

describe('an answer', () => {
  it('cannot be changed for those who get the same one after', async () => {
    const policy = await load('deny contains "closed"')
    const first = policy.evaluate(inputOf())
    expect(() => Object.assign(first, { effect: 'allow' })).toThrow(TypeError)
    expect(() => first.reasons.pop()).toThrow(TypeError)
    expect(policy.evaluate(inputOf())).toMatchObject({
      effect: 'deny',
      reasons: [{ id: 'closed' }],
    })
  })
})
