import { createRequire } from 'node:module'
import { type CompiledPolicy, compile } from '@lelu/rego'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createRuntime } from '../../src/policy/runtime.ts'
import type { Json } from '../../src/types.ts'
import { thrown } from '../request/support.ts'

type Library = {
  loadPolicySync(wasm: Uint8Array): {
    evaluate(input: unknown, entrypoint: string): unknown
    setData(data: Json): void
  }
}
const library = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as Library

const entrypoint = 'p/answer'
const compileRules = (rules: string, data: Json = {}) =>
  compile({
    modules: [{ path: 'p.rego', source: `package p\n\n${rules}\n` }],
    entrypoints: [entrypoint],
    data,
    cache: false,
  })

const mixed = `answer := {
	"echo": input,
	"sum": sum([n | some n in input.list; is_number(n)]),
	"keys": {key | some key, _ in input},
	"text": $"{input.name} of {data.limit}",
	"over": count(input.list) > data.limit,
}
answer := {"none": true} if not input.list`

let policy: CompiledPolicy
beforeAll(async () => {
  policy = await compileRules(mixed, { limit: 3 })
})

const run = (text: string, options = {}) =>
  createRuntime({ ...policy, entrypoint, ...options }).evaluate(text)

describe('the runtime', () => {
  it('answers what the library answers, on any input', () => {
    const mine = createRuntime({ ...policy, entrypoint })
    const theirs = library.loadPolicySync(policy.wasm)
    theirs.setData(policy.data)
    const input = fc.oneof(
      fc.record({
        list: fc.array(fc.jsonValue({ maxDepth: 2 })),
        name: fc.string({ unit: 'grapheme' }),
      }),
      fc.record({ name: fc.string({ unit: 'binary' }), other: fc.jsonValue({ maxDepth: 3 }) }),
      fc.jsonValue({ maxDepth: 2 }).filter((value) => Boolean(value)),
    )
    fc.assert(
      fc.property(input, (value) => {
        const expected = theirs.evaluate(value, entrypoint) as { result: Json }[]
        const got = mine.evaluate(JSON.stringify(value))
        expect(got === undefined ? [] : [{ result: JSON.parse(got) }]).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  it.each(['null', '0', 'false', '""'])(
    'hands the input %s to the policy, which the library takes for none',
    (text) => {
      expect(run(text, { wasm: policy.wasm })).toBe('{"none":true}')
    },
  )

  it('carries text of any kind, with NUL and all planes of Unicode', async () => {
    const echo = await compileRules('answer := input.text')
    const runtime = createRuntime({ ...echo, entrypoint })
    for (const text of ['', 'a\u0000b', '\u0001\u001f"\\/', 'é߀𝒳🙂', '\ufeff\u2028']) {
      expect(JSON.parse(runtime.evaluate(JSON.stringify({ text })) as string)).toBe(text)
    }
  })

  it('never cuts a text that does not fit into its memory, whatever its characters weigh', async () => {
    const last = await compileRules('answer := [count(input.text), input.z]')
    const runtime = createRuntime({ ...last, entrypoint })
    expect(runtime.evaluate(JSON.stringify({ text: '€'.repeat(600_000), z: 'end' }))).toBe(
      '[600000,"end"]',
    )
  })

  it('throws errors with a code where the library throws bare strings', async () => {
    const conflict = await compileRules('answer := 1 if input.a\nanswer := 2 if input.b')
    const runtime = createRuntime({ ...conflict, entrypoint })
    expect(thrown(() => runtime.evaluate('{"a":true,"b":true}'))).toMatchObject({
      name: 'LeluError',
      code: 'LELU_POLICY_FAILED',
      details: { kind: 'abort' },
    })
    // The instance is gone, and what its memory held with it.
    expect(runtime.memoryBytes()).toBe(0)
    expect(runtime.evaluate('{"a":true}')).toBe('1')
    expect(runtime.evaluate('{}')).toBeUndefined()
  })

  it('refuses an entrypoint that is not there, own names only', () => {
    for (const name of ['p/other', '__proto__', 'constructor']) {
      expect(thrown(() => createRuntime({ ...policy, entrypoint: name }))).toMatchObject({
        code: 'LELU_POLICY_UNSUPPORTED',
      })
    }
  })

  it('keeps its data over evaluations', () => {
    const runtime = createRuntime({ ...policy, entrypoint })
    for (let round = 0; round < 50; round++) {
      expect(
        JSON.parse(runtime.evaluate(`{"list":[${'1,'.repeat(round)}1],"name":"n"}`) as string),
      ).toMatchObject({ text: 'n of 3', over: round + 1 > 3 })
    }
  })
})

describe('the memory of the runtime', () => {
  it('is the same to the byte after 50 000 evaluations', () => {
    const runtime = createRuntime({ ...policy, entrypoint })
    const inputs = Array.from({ length: 64 }, (_, index) =>
      JSON.stringify({ list: Array(index).fill(index), name: 'x'.repeat(index) }),
    )
    for (const input of inputs) runtime.evaluate(input)
    const before = runtime.memoryBytes()
    for (let round = 0; round < 50_000; round++) runtime.evaluate(inputs[round % 64] as string)
    expect(runtime.memoryBytes()).toBe(before)
  })

  it('is given back after one huge input', () => {
    const runtime = createRuntime({ ...policy, entrypoint })
    runtime.evaluate('{}')
    const before = runtime.memoryBytes()
    expect(
      JSON.parse(
        runtime.evaluate(
          JSON.stringify({ name: 'x'.repeat(2_000_000), list: Array(500_000).fill(1) }),
        ) as string,
      ),
    ).toMatchObject({ sum: 500_000 })
    runtime.evaluate('{}')
    expect(runtime.memoryBytes()).toBe(before)
  })

  it('has a maximum: beyond it an error with a code, and the next question is answered', () => {
    const runtime = createRuntime({ ...policy, entrypoint, maxPages: 32 })
    expect(
      thrown(() => runtime.evaluate(JSON.stringify({ name: 'x'.repeat(5_000_000) }))),
    ).toMatchObject({ code: 'LELU_POLICY_FAILED', details: { kind: 'memory' } })
    expect(
      thrown(() => runtime.evaluate(JSON.stringify({ list: Array(200_000).fill(1) }))),
    ).toMatchObject({ code: 'LELU_POLICY_FAILED' })
    expect(runtime.evaluate('null')).toBe('{"none":true}')
  })

  it('is refused at load when the data alone does not fit', async () => {
    const large = await compileRules('answer := data.list[0]', { list: Array(200_000).fill(1) })
    expect(thrown(() => createRuntime({ ...large, entrypoint, maxPages: 32 }))).toMatchObject({
      code: 'LELU_POLICY_FAILED',
    })
  })
})

describe('a host built-in', () => {
  it('that asks the same policy again is stopped, and the policy answers afterwards', async () => {
    const asking = await compileRules('answer := sprintf("%v", [input.a])')
    let inner: unknown
    const runtime = createRuntime({
      ...asking,
      entrypoint,
      builtins: {
        sprintf: () => {
          inner ??= thrown(() => runtime.evaluate('{"a":2}'))
          return 'outer'
        },
      },
    })
    expect(runtime.evaluate('{"a":1}')).toBe('"outer"')
    expect(inner).toMatchObject({ code: 'LELU_POLICY_FAILED', details: { kind: 'busy' } })
  })

  it('that throws aborts the evaluation, and says so with its cause', async () => {
    const failing = await compileRules('answer := sprintf("%v", [1])\nanswer := 2 if input.b')
    const cause = new Error('broken')
    const builtins = {
      sprintf: () => {
        throw cause
      },
    }
    const runtime = createRuntime({ ...failing, entrypoint, builtins })
    expect(thrown(() => runtime.evaluate('{}'))).toMatchObject({
      details: { kind: 'builtin' },
      cause,
    })
  })

  it('is looked up among own names only', async () => {
    const calling = await compileRules('answer := sprintf("%v", [1])')
    expect(
      thrown(() =>
        createRuntime({ ...calling, entrypoint, builtins: Object.create({ sprintf: () => 'x' }) }),
      ),
    ).toMatchObject({ code: 'LELU_POLICY_UNSUPPORTED' })
  })
})
