import { compile, explain } from '@lelu/rego'
import { expect } from 'vitest'
import { createRuntime } from '../../src/policy/runtime.ts'
import type { Json } from '../../src/types.ts'

export type Given = { a: Json[]; b: Json[]; delimiters?: Json }

/** One call for each pair of values, by the compiled policy and by OPA itself; what is undefined is left out. */
export async function answers(call: string, given: Given): Promise<[mine: Json, opa: Json]> {
  const source = `package p

answer := {x: y |
	some i, a in input.a
	some j, b in input.b
	x := sprintf("%d:%d", [i, j])
	y := ${call}
}
`
  const modules = [{ path: 'p.rego', source }]
  const compiled = await compile({ modules, entrypoints: ['p/answer'], cache: false })
  const runtime = createRuntime({ ...compiled, entrypoint: 'p/answer' })
  const { result } = await explain({
    modules,
    input: given,
    query: 'data.p.answer',
    timeoutMs: 60_000,
  })
  return [JSON.parse(runtime.evaluate(JSON.stringify(given)) ?? 'null'), result ?? null]
}

export async function agree(call: string, given: Given): Promise<void> {
  const [mine, opa] = await answers(call, given)
  expect(mine).toEqual(opa)
}
