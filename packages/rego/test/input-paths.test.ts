import { describe, expect, it } from 'vitest'
import { compile, type ExplainOptions, explain, type Json, RegoError } from '../src/index.ts'
import { policy } from './support/policies.ts'

async function pathsOf(body: string): Promise<string[][] | 'all'> {
  const source = `package a\n\n${body}\n`
  const compiled = await compile({ modules: [policy(source)], entrypoints: ['a'], cache: false })
  return compiled.inputPaths
}

describe('the input paths of a policy', () => {
  it.each<[string, string[][] | 'all']>([
    ['allow := true', []],
    ['allow if input.action == "x"', [['action']]],
    ['allow if input["action"] == "x"', [['action']]],
    ['allow if input.a.b.c', [['a', 'b', 'c']]],
    [
      'allow if { input.a.b; input.a.c }',
      [
        ['a', 'b'],
        ['a', 'c'],
      ],
    ],
    ['allow if { input.a.b.c; input.a }', [['a']]],
    ['allow if { input.ab; input.a.b }', [['a', 'b'], ['ab']]],
    ['allow if { some k; input.a[k].x == 1 }', [['a']]],
    ['allow if input.list[0] == 1', [['list']]],
    ['allow if input.a[input.b.c]', [['a'], ['b', 'c']]],
    ['allow if { x := input.a; x.b == 1 }', [['a']]],
    ['allow if not input.a.b', [['a', 'b']]],
    ['allow if every x in input.items { x > 0 }', [['items']]],
    ['allow if count([x | x := input.a.list[_]]) > 1', [['a', 'list']]],
    ['allow := {"x": input.a.b}', [['a', 'b']]],
    ['f(x) := x.y\n\nallow if f(input.a)', [['a']]],
    ['f(x) := 1 if input.deep.inside == x\n\nallow if f(1)', [['deep', 'inside']]],
    [
      'default allow := false\n\nallow := true if input.a\nelse := input.b.c if input.d',
      [['a'], ['b', 'c'], ['d']],
    ],
    ['seen contains input.a.b if input.c', [['a', 'b'], ['c']]],
    ['by[input.a.b] := 1 if input.c', [['a', 'b'], ['c']]],
    ['allow if { walk(input.a, [p, v]); v == 1 }', [['a']]],
    ['allow if input.__proto__.x', [['__proto__', 'x']]],
    ['allow if input == {}', 'all'],
    ['allow if { x := input; x.a }', 'all'],
    ['allow if { some k; input[k] == 1 }', 'all'],
    ['allow if "x" in input', 'all'],
    ['allow if { walk(input, [p, v]); v == 1 }', 'all'],
    ['allow if object.get(input, "a", 1) == 1', 'all'],
    ['allow if input[input.key] == 1', 'all'],
    ['b if input.x\n\nallow if b with input as {"x": 1}', 'all'],
    ['b if input.x\n\nallow if b with input.x as 1', 'all'],
  ])('%s', async (body, expected) => {
    expect(await pathsOf(body)).toEqual(expected)
  })

  it('see through an import of a part of the input', async () => {
    expect(await pathsOf('import input.a.b as here\n\nallow if here.c')).toEqual([['a', 'b', 'c']])
    expect(await pathsOf('import input as whole\n\nallow if whole.c')).toEqual([['c']])
  })

  it('come from all files', async () => {
    const modules = [
      policy('package a\n\nallow if data.b.ok\n', 'a.rego'),
      policy('package b\n\nok if input.z\n', 'b.rego'),
    ]
    const compiled = await compile({ modules, entrypoints: ['a/allow'], cache: false })
    expect(compiled.inputPaths).toEqual([['z']])
  })
})

describe('an input cut down to the paths', () => {
  it('gives every rule the same value, for generated policies and inputs', async () => {
    const random = generator(20_260_101)
    let cut = 0
    for (let round = 0; round < 40; round++) {
      const source = `package a\n\n${generatePolicy(random)}\n`
      const modules = [policy(source)]
      const { inputPaths } = await compile({ modules, entrypoints: ['a'], cache: false })
      for (let sample = 0; sample < 3; sample++) {
        const input = generateInput(random, 4) as { [key: string]: Json }
        const projected = inputPaths === 'all' ? input : project(input, inputPaths)
        if (JSON.stringify(projected).length < JSON.stringify(input).length) cut++
        const query = 'data.a'
        const whole = await outcomeOf({ modules, input, query })
        const part = await outcomeOf({ modules, input: projected, query })
        expect(part, `${source}\n${JSON.stringify(input)}`).toEqual(whole)
      }
    }
    expect(cut).toBeGreaterThan(40) // otherwise this compared nothing
  })
})

/** The value, or the code of the error: two values for one rule are an error at evaluation. */
async function outcomeOf(options: ExplainOptions): Promise<unknown> {
  try {
    return (await explain(options)).result
  } catch (error) {
    if (error instanceof RegoError && error.code === 'LELU_POLICY_INVALID')
      return error.issues[0]?.code
    throw error
  }
}

function project(input: Json, paths: string[][]): Json {
  const out: { [key: string]: Json } = {}
  for (const path of paths) {
    let from: Json | undefined = input
    for (const key of path)
      from = isObject(from) && Object.hasOwn(from, key) ? from[key] : undefined
    if (from === undefined) continue
    let into = out
    for (const key of path.slice(0, -1)) {
      into[key] ??= {}
      into = into[key] as { [key: string]: Json }
    }
    into[path.at(-1) as string] = from
  }
  return out
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

type Random = (below: number) => number

/** Small, seeded (mulberry32): a failure can be repeated. */
function generator(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const keys = ['a', 'b', 'c', 'd']

function pick<T>(random: Random, list: T[]): T {
  return list[random(list.length)] as T
}

function generatePath(random: Random): string {
  const length = 1 + random(3)
  const steps = Array.from({ length }, () => pick(random, [...keys, ...keys]))
  return `input.${steps.join('.')}`
}

function generatePolicy(random: Random): string {
  const path = () => generatePath(random)
  const rules = Array.from({ length: 1 + random(4) }, (_, index) =>
    pick(random, [
      () => `r${index} if ${path()} == ${random(3)}`,
      () => `r${index} := ${path()}`,
      () => `r${index} if not ${path()}`,
      () => `r${index} if { x := ${path()}; x.a > 0 }`,
      () => `r${index} contains k if { some k; ${path()}[k] }`,
      () => `r${index} := v if { v := ${path()}[${random(2)}] }`,
      () => `r${index} := [v | some v in ${path()}]`,
      () => `r${index} := v if { some k; v := ${path()}[k].b; k != ${path()} }`,
      () => `r${index} := object.get(${path()}, "b", 7)`,
      () => `r${index} := ${path()} if ${path()}\nelse := ${path()}`,
      () => `r${index} := type_name(${path()})`,
      () => `r${index} if { every v in ${path()} { v == ${random(3)} } }`,
      () => `r${index} := count(${path()})`,
      () => `r${index}[${path()}] := 1`,
      () => `r${index} := {"p": ${path()}, "q": ${path()}}`,
      () => `r${index} if { ${path()}; ${path()} == ${path()} }`,
    ])(),
  )
  return rules.join('\n\n')
}

function generateInput(random: Random, depth: number): Json {
  if (depth < 4 && (depth === 0 || random(3) === 0)) {
    return pick<Json>(random, [0, 1, 2, 'a', true, false, null, [], [1, 2], [{ b: 1 }], {}])
  }
  const members = keys
    .filter(() => random(4) > 0)
    .map((key) => [key, generateInput(random, depth - 1)])
  return Object.fromEntries(members) as Json
}
