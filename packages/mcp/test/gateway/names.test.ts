import { expect, test } from 'vitest'
import { exposedName, exposeNames, readNameForm } from '../../src/gateway/names.ts'

const form = readNameForm('{server}__{tool}', 2)
if (form === undefined) throw new Error('the default form is one')
const name = (server: string, tool: string) => exposedName({ server, tool }, form)

test('a plain pair is shown as server and tool', () => {
  expect(name('github', 'create_issue')).toBe('github__create_issue')
})

test('every name fits what models take: at most 64 of letters, digits, _ and -', () => {
  const odd = ['a'.repeat(200), 'mit.punkt', 'é', '工具', 'a b', '__proto__', 'x'.repeat(63), '-']
  for (const server of odd) {
    for (const tool of odd) expect(name(server, tool)).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
  }
})

test.each([
  ['sanitised alike (HKUDS/nanobot#4618)', ['s', 'my.tool'], ['s', 'my_tool']],
  ['sanitised alike in the server (activepieces#11544)', ['a.b', 't'], ['a_b', 't']],
  ['split elsewhere', ['a', 'b__c'], ['a__b', 'c']],
  ['an underscore at the seam', ['a_', 'b'], ['a', '_b']],
  ['cut at 64', ['s', `${'x'.repeat(80)}1`], ['s', `${'x'.repeat(80)}2`]],
  ['another case', ['s', 'Tool'], ['s', 'tool']],
  ['both not of the alphabet', ['s', 'é'], ['s', 'è']],
])('two tools never share a name: %s', (_what, [s1 = '', t1 = ''], [s2 = '', t2 = '']) => {
  expect(name(s1, t1)).not.toBe(name(s2, t2))
})

test('a tool that calls itself as the name of another is shown is not taken for it', () => {
  const victim = name('a__b', 'tool') // ambiguous, so it has a suffix
  const own = victim.slice('a__'.length)
  expect(name('a', own)).not.toBe(victim)
})

test('a name does not depend on which other tools there are, so none is ever passed on', () => {
  const pairs = [
    { server: 's', tool: 'my.tool' },
    { server: 's', tool: 'my_tool' },
    { server: 'a_', tool: 'b' },
    { server: 'a', tool: '_b' },
  ]
  const all = exposeNames(pairs, form)
  for (const pair of pairs) {
    const [[alone] = []] = exposeNames([pair], form)
    expect(all.get(alone ?? '')).toBe(pair)
  }
})

test('a tool of an upstream never has a name of ours', () => {
  expect(name('lelu', 'approve')).not.toMatch(/^lelu_/)
  const single = readNameForm('{tool}', 1)
  if (single === undefined) throw new Error('one server needs no server in its names')
  expect(exposedName({ server: 's', tool: 'lelu_approve' }, single)).not.toMatch(/^lelu_/i)
  expect(exposedName({ server: 's', tool: 'LELU_resume' }, single)).not.toMatch(/^lelu_/i)
})

test('one raw pair that is listed twice is left out', () => {
  const twice = { server: 's', tool: 't' }
  expect(exposeNames([twice, { ...twice }, { ...twice }], form).size).toBe(0)
})

test('a form that cannot tell servers apart is refused', () => {
  expect(readNameForm('{tool}', 2)).toBeUndefined()
  expect(readNameForm('{server}{tool}', 2)).toBeUndefined()
  expect(readNameForm('{server}', 1)).toBeUndefined()
  expect(readNameForm('{tool}', 1)).toBeDefined()
  expect(readNameForm('mcp_{server}-{tool}', 3)).toBeDefined()
})

test('names of objects that every object inherits are names like any other', () => {
  const tools = exposeNames([{ server: 's', tool: 'constructor' }], form)
  expect([...tools.keys()]).toEqual(['s__constructor'])
  expect(tools.get('constructor')).toBeUndefined()
})
