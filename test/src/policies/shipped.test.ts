import { join } from 'node:path'
import { loadPolicy } from '@lelu/engine'
import { check, format, test } from '@lelu/rego'
import { describe, expect, it } from 'vitest'
import { dataOf, domains, fileOf, inputOf, policiesFolder } from './shipped.ts'

const moduleOf = (...names: string[]) => ({ path: names.join('/'), source: fileOf(...names) })
const schema = {
  input: JSON.parse(fileOf('schema', 'input.schema.json')),
  decision: JSON.parse(fileOf('schema', 'decision.schema.json')),
}

const load = (domain: string) =>
  loadPolicy({ policies: join(policiesFolder, domain), cache: false })

it('the default and the overview policies ship', () => {
  expect(domains).toEqual(expect.arrayContaining(['default', 'trading']))
})

describe.each(domains)('the policy %s', (domain) => {
  const modules = [moduleOf(domain, 'policy.rego'), moduleOf(domain, 'policy_test.rego')]

  it('passes its own tests, which run every line of it', async () => {
    const { results, coverage } = await test({ modules, data: dataOf(domain), coverage: true })
    expect(results.filter(({ outcome }) => outcome !== 'pass')).toEqual([])
    expect(results.length).toBeGreaterThan(5)
    expect(coverage?.files[`${domain}/policy.rego`]).toEqual({ coverage: 100, notCovered: [] })
  })

  it('has tests that ask what the schema describes, and gives answers that it describes', async () => {
    const withSchema = [...modules, moduleOf('schema', 'schema_test.rego')]
    const { results } = await test({
      modules: withSchema,
      data: { ...dataOf(domain), schema },
      run: 'data\\.lelu\\.schema_test\\.',
    })
    expect(results.map(({ outcome }) => outcome)).toEqual(['pass', 'pass', 'pass', 'pass'])
  })

  it('is free of warnings and formatted', async () => {
    expect(await check({ modules, data: dataOf(domain) })).toMatchObject({ ok: true, issues: [] })
    for (const module of modules)
      expect(await format(module), module.path).toMatchObject({ changed: false })
  })

  it('explains itself: a title and a description in front of the package', () => {
    expect(fileOf(domain, 'policy.rego')).toMatch(
      /^# METADATA\n# title: .+\n# description: [\s\S]+?\npackage lelu\.authz\n/,
    )
    expect(fileOf(domain, 'README.md')).toContain(`policies/${domain}`)
  })

  it('is usable alone, and reads no more of an input than it needs', async () => {
    const policy = await load(domain)
    expect(policy.warnings).toEqual([])
    expect(policy.inputPaths).not.toBe('all')
    expect(policy.inputPaths).not.toContainEqual(['args'])
  })

  it('calls nothing out of the compiled policy: sprintf is slow', () => {
    expect(fileOf(domain, 'policy.rego')).not.toMatch(/\b(sprintf|regex\.|time\.|yaml\.|json\.)/)
  })
})

it('the trading policy decides as the overview says', async () => {
  const policy = await load('trading')
  const effect = (action: string, confidence: number) =>
    policy.evaluate(inputOf({ action, confidence, trust: 'claimed' })).effect
  expect(effect('trade', 0.97)).toBe('allow')
  expect(effect('trade', 0.9)).toBe('allow')
  expect(effect('trade', 0.85)).toBe('require_approval')
  expect(effect('delete_account', 0.97)).toBe('deny')
})

it('the default policy decides by its table', async () => {
  const policy = await load('default')
  const asked = (action: string, confidence: number, more = {}) =>
    policy.evaluate(inputOf({ action, confidence, ...more }))
  expect(asked('refund', 0.96).effect).toBe('allow')
  expect(asked('refund', 0.96, { trust: 'claimed' }).effect).toBe('require_approval')
  expect(asked('refund', 0.6).requirements).toEqual([
    { id: 'below_threshold', quorum: 2, reviewers: null, expiresInMs: null },
  ])
  expect(asked('refund', 0.4).effect).toBe('deny')
  expect(asked('delete_database', 1).effect).toBe('require_approval')
  expect(asked('unknown', 1).reasons).toMatchObject([{ id: 'no_rule_allowed' }])
})
