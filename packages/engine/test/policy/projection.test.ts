import { compile } from '@lelu/rego'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { projectionOf } from '../../src/policy/projection.ts'
import { createRuntime } from '../../src/policy/runtime.ts'
import { inputOf } from './support.ts'

const project = (paths: string[][] | 'all', input: object) =>
  JSON.parse(projectionOf(paths)(input as never))

describe('a projected input', () => {
  it('is the input itself when the policy may read all of it', () => {
    const input = inputOf()
    expect(projectionOf('all')(input)).toBe(JSON.stringify(input))
  })

  it('holds what the paths name, and nothing else', () => {
    const input = { action: 'a', args: { x: 1, y: { z: 2, w: 3 }, list: [1] }, time: 't' }
    expect(project([['action'], ['args', 'y', 'z'], ['args', 'list']], input)).toEqual({
      action: 'a',
      args: { y: { z: 2 }, list: [1] },
    })
    expect(project([['args']], input)).toEqual({ args: input.args })
    expect(project([], input)).toEqual({})
  })

  it('leaves out what is not there, so that it stays undefined', () => {
    expect(
      project(
        [
          ['args', 'x', 'y'],
          ['gone', 'z'],
        ],
        { args: {} },
      ),
    ).toEqual({ args: {} })
  })

  it.each([null, 1, 'text', true, [], [{ x: 1 }]])(
    'keeps %j whole where a path leads into it',
    (args) => {
      expect(project([['args', 'x']], { args })).toEqual({ args })
    },
  )

  it('takes a shorter path for the longer ones, in any order', () => {
    const input = { a: { b: 1, c: 2 } }
    expect(project([['a', 'b'], ['a']], input)).toEqual(input)
    expect(project([['a'], ['a', 'b']], input)).toEqual(input)
  })

  it('finds own members only', () => {
    expect(
      project([['constructor'], ['args', 'toString'], ['__proto__', 'x']], { args: {} }),
    ).toEqual({ args: {} })
    expect(project([['args', '__proto__']], JSON.parse('{"args":{"__proto__":1}}'))).toEqual(
      JSON.parse('{"args":{"__proto__":1}}'),
    )
  })

  it('does not touch what is not read', () => {
    const input = Object.defineProperty({ action: 'a', args: { x: 1 } }, 'context', {
      enumerable: true,
      get: () => {
        throw new Error('was read')
      },
    })
    expect(project([['action'], ['args', 'x']], input)).toEqual({ action: 'a', args: { x: 1 } })
  })
})

const names = ['a', 'b', 'c', 'constructor']
const path = fc
  .array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
  .map((keys) => ['input', ...keys].join('.'))
const condition = fc.oneof(
  fc
    .tuple(
      path,
      fc.constantFrom('==', '<', '>=', '!='),
      fc.constantFrom('1', '"x"', 'null', 'true', '[]', '{}'),
    )
    .map((parts) => parts.join(' ')),
  path.map((one) => `not ${one}`),
  path.map((one) => `count(${one}) > 0`),
  path.map((one) => `some _, v in ${one}; v == 1`),
  path.map((one) => `${one}[_] == "x"`),
  path.map((one) => `${one}[0] == 1`),
  fc.tuple(path, path).map(([one, key]) => `${one}[${key}]`),
  fc.tuple(path, path).map(([one, other]) => `${one} == ${other}`),
  path.map((one) => `object.get(${one}, ["a", "b"], 1) == 1`),
  path.map((one) => `helper(${one})`),
  path.map((one) => `is_object(${one})`),
  fc.tuple(path, fc.constantFrom('a', 'b')).map(([one, key]) => `k := "${key}"; ${one}[k] == 1`),
  path.map((one) => `y := ${one}; y.a == 1`),
)
const rules = fc.array(fc.array(condition, { minLength: 1, maxLength: 3 }), {
  minLength: 3,
  maxLength: 6,
})
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, 0, 1, 'x', 'a', 'b'),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4 }),
  ),
})).value
const input = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4, noNullPrototype: true })

describe('for generated policies', () => {
  it('gives every rule the value that the full input gives it', { timeout: 300_000 }, async () => {
    let cut = 0
    await fc.assert(
      fc.asyncProperty(
        rules,
        fc.array(input, { minLength: 20, maxLength: 20 }),
        async (bodies, inputs) => {
          const source = ['package p', 'helper(x) if x.a == 1', 'helper(x) if x == "x"']
          for (const [index, body] of bodies.entries()) {
            const lines = body.join('\n\t').replaceAll('; ', '\n\t')
            source.push(`answer contains ${index} if {\n\t${lines}\n}`)
          }
          // A variable may stand once in a body.
          fc.pre(
            bodies.every((body) =>
              ['k :=', 'y :=', 'some '].every(
                (word) => body.filter((line) => line.startsWith(word)).length < 2,
              ),
            ),
          )
          const compiled = await compile({
            modules: [{ path: 'p.rego', source: source.join('\n') }],
            entrypoints: ['p/answer'],
            cache: false,
          })
          const runtime = createRuntime({ ...compiled, entrypoint: 'p/answer' })
          for (const one of inputs) {
            const whole = JSON.stringify(one)
            const projected = projectionOf(compiled.inputPaths)(one as never)
            if (projected.length < whole.length) cut += 1
            expect(runtime.evaluate(projected), `${source.join('\n')}\n${whole}`).toBe(
              runtime.evaluate(whole),
            )
          }
        },
      ),
      { numRuns: 60 },
    )
    // Were nothing ever cut, equality would prove nothing.
    expect(cut).toBeGreaterThan(100)
  })
})
