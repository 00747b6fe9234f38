import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readCache, writeCache } from '../src/cache.ts'
import { explain, type Json, RegoError, surelyDenied } from '../src/index.ts'
import { failure } from './support/failure.ts'
import { overview, policy } from './support/policies.ts'

const unknowns = ['input.args', 'input.confidence']
const known = { action: 'delete', tool: { name: 'delete', server: 'files' } }

const ask = (rules: string, inputs: { [key: string]: Json }[] = [known], data: Json = {}) => {
  const modules = [policy(`package lelu.authz\n\n${rules}\n`)]
  return surelyDenied({ modules, data, package: 'lelu.authz', inputs, unknowns })
}

describe('surelyDenied', () => {
  it('judges each input, with the rules of the overview', async () => {
    const inputs = ['trade', 'delete', '__proto__'].map((action) => ({ action }))
    const options = { modules: [policy(overview)], package: 'lelu.authz', inputs, unknowns }
    expect(await surelyDenied(options)).toEqual([false, true, true])
    expect(await surelyDenied({ ...options, inputs: [] })).toEqual([])
  })

  it('reads data and other packages', async () => {
    const modules = [
      policy('package a\n\nallow if data.b.known[input.action]\n', 'a.rego'),
      policy('package b\n\nknown contains x if some x in data.tools\n', 'b.rego'),
    ]
    const inputs = [{ action: 'read' }, { action: 'delete' }]
    const data = { tools: ['read'] }
    expect(await surelyDenied({ modules, data, package: 'a', inputs, unknowns })).toEqual([
      false,
      true,
    ])
  })

  it('is not sure of a rule that has two values', async () => {
    const rules = 'deny := x if some x in [true, false]\n\nallow := true'
    expect(await ask(rules)).toEqual([false])
  })

  it('refuses a value where it was said to be unknown', async () => {
    const error = await failure(ask('deny := true', [known, { ...known, args: null }]))
    expect(error.code).toBe('LELU_OPTIONS_INVALID')
    expect(error.message).toContain('inputs[1] has a value at input.args')
  })

  it.each<[string, object]>([
    ['a package', { package: 'no package' }],
    ['no package', { package: undefined }],
    ['inputs', { inputs: [null] }],
    ['no inputs', { inputs: {} }],
    ['an unknown', { unknowns: ['input'] }],
    ['an unknown elsewhere', { unknowns: ['data.x'] }],
    ['an unknown with a variable', { unknowns: ['input[x]'] }],
    ['no unknowns', { unknowns: 'input.args' }],
    ['a time limit', { timeoutMs: 0 }],
  ])('refuses %s that is none', async (_name, wrong) => {
    const right = { modules: [policy(overview)], package: 'lelu.authz', inputs: [known], unknowns }
    const error = await failure(surelyDenied({ ...right, ...wrong }))
    expect(error.code).toBe('LELU_OPTIONS_INVALID')
  })

  it('throws for an invalid policy', async () => {
    expect((await failure(ask('deny if'))).code).toBe('LELU_POLICY_INVALID')
  })

  it('stops what takes too long', async () => {
    const rules =
      'allow if { some i in numbers.range(1, 100000); some j in numbers.range(1, 100000); i + j < 0 }'
    const modules = [policy(`package a\n\n${rules}\n`)]
    const slow = { modules, package: 'a', inputs: [known], unknowns, timeoutMs: 50 }
    expect((await failure(surelyDenied(slow))).code).toBe('LELU_COMPILER_TIMEOUT')
  })
})

describe('what surelyDenied keeps', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-denied-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const asked = { modules: [policy(overview)], package: 'lelu.authz', unknowns, cache: folder }
  const inputs = ['trade', 'delete'].map((action) => ({ action }))
  const files = () => readdirSync(folder).filter((name) => name.endsWith('.denied'))

  it('is asked of the compiler once, and anew when it was damaged', async () => {
    expect(await surelyDenied({ ...asked, inputs })).toEqual([false, true])
    const [file = ''] = files()
    const path = join(folder, file)
    const good = readFileSync(path)
    // Of another answer, that only a reader of the folder could give.
    const told = await readCache<boolean[]>(folder, 'denied', `sha256:${file.split('.')[0]}`)
    expect(told?.head).toEqual([false, true])
    const other = { head: [true, true], bytes: new Uint8Array() }
    await writeCache(folder, 'denied', `sha256:${file.split('.')[0]}`, other)
    expect(await surelyDenied({ ...asked, inputs, timeoutMs: 4000 })).toEqual([true, true])
    for (const bad of [good.subarray(0, -3), Buffer.from(''), Buffer.from('[true,true]')]) {
      writeFileSync(path, bad)
      expect(await surelyDenied({ ...asked, inputs })).toEqual([false, true])
      expect(readFileSync(path)).toEqual(good)
    }
    await writeCache(folder, 'denied', `sha256:${file.split('.')[0]}`, { ...other, head: [true] })
    expect(await surelyDenied({ ...asked, inputs })).toEqual([false, true])
  })

  it('does not grow with every caller there is', async () => {
    const nameOf = (n: number) => `${String(n).padStart(64, '0')}.denied`
    for (let n = files().length; n < 1000; n += 1) writeFileSync(join(folder, nameOf(n)), '')
    const before = new Set(files())
    expect(await surelyDenied({ ...asked, inputs: [{ action: 'trade' }] })).toEqual([false])
    expect(files().length).toBeLessThanOrEqual(1000)
    // It is kept all the same: those of before may be of policies that are long gone.
    expect(files().filter((name) => !before.has(name))).toHaveLength(1)
  })

  it('is needed for nothing: a folder that cannot be made is none', async () => {
    const cache = join(folder, files()[0] ?? '', 'below')
    expect(await surelyDenied({ ...asked, cache, inputs })).toEqual([false, true])
  })
})

/** Each with what is expected, so that the property below compares something. */
const policies: [rules: string, sure: boolean][] = [
  ['allow if input.action == "read"', true],
  ['default allow := false\nallow if { input.action == "read"; input.confidence > 0.5 }', true],
  ['allow if input.confidence > 0.5', false],
  ['allow := true', false],
  ['allow := true\ndeny if input.tool.server == "files"', true],
  ['allow := true\ndeny if not startswith(input.args.path, "/srv")', false],
  ['allow := true\ndeny contains "no" if input.action == "delete"', true],
  ['allow := true\ndeny contains {"id": "no", "reason": sprintf("%v", [input.args.path])}', false],
  ['allow := true\ndeny contains input.args.path', false],
  ['allow := true\ndeny := {"no" | input.args.path}', false],
  ['allow := true\ndeny if input.args.path == input.args.path', false],
  ['allow := true\ndeny if { x := input.args.path; is_string(x) }', false],
  ['allow := true\ndefault deny := true\ndeny := false if input.args.path == "/srv/a"', false],
  ['allow := true\ndeny := false if input.args.path else := true', false],
  ['allow := true\ndeny if every x in input.args.list { x > 1 }', false],
  ['allow := true\ndeny if count([x | some x in input.args.list; x > 1]) == 0', false],
  ['allow := true\ndeny if object.get(input, "args", null) == null', false],
  ['allow := true\ndeny if object.get(input.args, "path", null) == null', false],
  ['allow := true\ndeny if { some k; input[k] == 1 }', false],
  ['allow := true\ndeny if { walk(input.args, [_, v]); v == 1 }', false],
  ['allow := true\nok if input.args.path\ndeny if not ok with input.args as {}', false],
  ['allow := {"a" | input.args.path}\nrequire_approval contains "a" if input.action == "x"', false],
  ['allow contains "a" if { input.action == "x"; input.args.path }', true],
  ['require_approval contains {"id": "ask"} if input.confidence < 0.5', false],
  ['f(x) := 1 if x == "/"\nelse := 2\nallow if f(input.args.path) == 2', false],
  ['default f(_) := false\nf(x) if x == "read"\nallow if f(input.action)', true],
  ['risk := "low" if input.confidence > 0.5\nelse := "high"\nallow if risk == "low"', false],
  ['allow := x if some x in [true, input.args.path]', false],
]

const samples: Json[] = [
  null,
  {},
  { path: '/srv/a' },
  { path: '/', list: [] },
  { path: false, list: [1, 2] },
  { list: [2, 3] },
].flatMap((args) => [0, 0.5, 1].map((confidence) => ({ ...known, args, confidence })))

describe('what is surely denied', () => {
  it.each(policies)('%s', async (rules, sure) => {
    expect(await ask(rules)).toEqual([sure])
    const modules = [policy(`package lelu.authz\n\n${rules}\n`)]
    for (const input of samples) {
      const denied = await isDenied(modules, input)
      if (sure) expect(denied, JSON.stringify(input)).toBe(true)
    }
  })
})

/** As the engine reads the rules: deny first, nothing is a deny, and what fails is one too. */
async function isDenied(modules: { path: string; source: string }[], input: Json) {
  let answer: { [rule: string]: Json }
  try {
    const { result } = await explain({ modules, input, query: 'data.lelu.authz' })
    answer = result as { [rule: string]: Json }
  } catch (error) {
    if (error instanceof RegoError && error.code === 'LELU_POLICY_INVALID') return true
    throw error
  }
  const holds = (rule: string): boolean => {
    const value = answer[rule]
    return value === true || (Array.isArray(value) && value.length > 0)
  }
  return holds('deny') || !(holds('allow') || holds('require_approval'))
}
