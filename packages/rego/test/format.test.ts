import { describe, expect, it } from 'vitest'
import { compile, format } from '../src/index.ts'
import { evaluate } from './support/evaluate.ts'
import { failure } from './support/failure.ts'
import { overview, policy } from './support/policies.ts'

describe('format', () => {
  it('lays a file out as opa fmt does, once', async () => {
    const first = await format({ source: 'package a\nallow if {input.x   == 1}' })
    expect(first).toEqual({ source: 'package a\n\nallow if input.x == 1\n', changed: true })
    expect(await format({ source: first.source })).toEqual({ source: first.source, changed: false })
  })

  it('keeps v0 and adds no package line by itself', async () => {
    const { source } = await format({ source: overview })
    expect(source).toContain('allow {\n\tinput.action == "trade"')
    expect(source).not.toContain('package')
    expect((await format({ source })).changed).toBe(false)
  })

  it('keeps the comments of a file without a package line', async () => {
    const { source } = await format({ source: '# first\n\nallow if input.x # last\n' })
    expect(source).toContain('# first')
    expect(source).toContain('# last')
    expect(source).not.toContain('package')
  })

  it('rewrites v0 as v1 on demand, with the same answers and no more warnings', async () => {
    const { source } = await format({ source: overview, upgrade: true })
    expect(source).toMatch(/^package lelu\.authz\n\nallow if \{/)
    const entrypoints = ['lelu/authz/allow']
    const compiled = await compile({ modules: [policy(source)], entrypoints, cache: false })
    expect(compiled.warnings).toEqual([])
    expect(
      await evaluate(compiled, 'lelu/authz/allow', { action: 'trade', confidence: 0.95 }),
    ).toBe(true)
  })

  it('throws the errors of a file that does not parse, under its name', async () => {
    const error = await failure(format({ path: 'mine.rego', source: 'package a\n\nallow if {' }))
    expect(error.issues[0]).toMatchObject({ file: 'mine.rego', code: 'rego_parse_error' })
  })
})
