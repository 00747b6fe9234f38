import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPolicyFolder } from '../../src/policy/sources.ts'
import { folderOf } from './support.ts'

const rego = 'package lelu.authz\n\nallow := true\n'
const refused = (folder: string, ...parts: string[]) =>
  expect(readPolicyFolder(folder)).rejects.toMatchObject({
    code: 'LELU_POLICY_INVALID',
    message: expect.stringContaining(parts.join(' ')),
    help: expect.any(String),
  })

describe('the policy of a folder', () => {
  it('is each Rego file but tests, at any depth, in the order of their names', async () => {
    const folder = folderOf({
      'b.rego': rego,
      'a/deep/c.rego': rego,
      'a/b_test.rego': rego,
      'README.md': '#',
      'B.rego': rego,
    })
    const { modules } = await readPolicyFolder(folder)
    expect(modules).toEqual(
      ['B.rego', 'a/deep/c.rego', 'b.rego'].map((path) => ({ path, source: rego })),
    )
  })

  it('has its tests too for those who run or check them', async () => {
    const { modules } = await readPolicyFolder(
      folderOf({ 'a.rego': rego, 'b/a_test.rego': rego }),
      { tests: true },
    )
    expect(modules.map(({ path }) => path)).toEqual(['a.rego', 'b/a_test.rego'])
  })

  it('has each data.json at the path of its folder, and no other JSON', async () => {
    const folder = folderOf({
      'p.rego': rego,
      'data.json': '{"x":{"a":1}}',
      'x/data.json': '{"b":2}',
      'x/y/data.json': '{"c":3}',
      'schema/input.schema.json': '{"no":1}',
    })
    expect((await readPolicyFolder(folder)).data).toEqual({ x: { a: 1, b: 2, y: { c: 3 } } })
  })

  it('leaves out names with a dot in front, and reads links as a mounted ConfigMap has them', async () => {
    const folder = folderOf({ '..2026/policy.rego': rego, '.git/x.rego': rego })
    symlinkSync('..2026', join(folder, '..data'))
    symlinkSync(join('..data', 'policy.rego'), join(folder, 'policy.rego'))
    expect((await readPolicyFolder(folder)).modules).toEqual([
      { path: 'policy.rego', source: rego },
    ])
  })

  it('may be one file', async () => {
    const folder = folderOf({ 'one.rego': rego, 'data.json': '{"a":1}' })
    expect(await readPolicyFolder(join(folder, 'one.rego'))).toEqual({
      modules: [{ path: 'one.rego', source: rego }],
      data: {},
    })
  })
})

describe('a folder is refused', () => {
  it('when there is none', async () => {
    await expect(readPolicyFolder('/no/such/folder')).rejects.toMatchObject({
      code: 'LELU_POLICY_NOT_FOUND',
      message: expect.stringContaining('/no/such/folder'),
    })
  })

  it('when a part of its path is a file', async () => {
    const folder = folderOf({ file: '' })
    await expect(readPolicyFolder(join(folder, 'file', 'x'))).rejects.toMatchObject({
      code: 'LELU_POLICY_NOT_FOUND',
    })
  })

  it.each([
    ['it is empty', {}],
    ['it has only tests', { 'p_test.rego': rego }],
    ['it has only data', { 'data.json': '{}' }],
  ])('when %s', async (_why, files) => {
    await refused(folderOf(files), 'There is no policy in')
  })

  it.each([
    ['is not JSON', '{"a":', 'line 1, column 6'],
    ['has a key twice', '{"a":1,\n"a":2}', 'line 2, column 1'],
    ['has the key __proto__', '{"__proto__":{"admin":true}}', '__proto__'],
    ['is not an object', '[1]', 'is not a JSON object'],
  ])('when a data.json %s', async (_why, text, said) => {
    await refused(folderOf({ 'p.rego': rego, 'data.json': text }), said)
  })

  it('when two files give one key two values', async () => {
    await refused(
      folderOf({ 'p.rego': rego, 'data.json': '{"x":{"limit":1}}', 'x/data.json': '{"limit":2}' }),
      'data.x.limit a second value',
    )
  })

  it('when data is YAML, which would be left out without a word', async () => {
    await refused(folderOf({ 'p.rego': rego, 'data.yaml': 'a: 1' }), 'data is JSON here')
  })

  it('when a Rego file is not UTF-8', async () => {
    await refused(folderOf({ 'p.rego': new Uint8Array([0x70, 0xff]) }), 'is not UTF-8')
  })

  it('when links lead round in a circle', async () => {
    const folder = folderOf({ 'p.rego': rego, 'a/q.rego': rego })
    symlinkSync(folder, join(folder, 'a', 'up'))
    await refused(folder, 'is a link to a folder that holds it')
  })

  it('when a link leads nowhere', async () => {
    const folder = folderOf({ 'p.rego': rego })
    symlinkSync(join(folder, 'gone'), join(folder, 'q.rego'))
    await expect(readPolicyFolder(folder)).rejects.toMatchObject({
      code: 'LELU_POLICY_NOT_FOUND',
      message: expect.stringContaining('q.rego'),
    })
  })

  it('when a link leads to a device that never ends', async () => {
    const folder = folderOf({ 'p.rego': rego })
    symlinkSync('/dev/zero', join(folder, 'q.rego'))
    await refused(folder, 'is not a file')
  })

  it('when it is a file of another kind', async () => {
    await refused(join(folderOf({ 'x.txt': '' }), 'x.txt'), 'is not a folder and not a .rego file')
  })
})
