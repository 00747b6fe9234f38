import { expect, it, vi } from 'vitest'
import { compile } from '../src/index.ts'

const other = vi.hoisted(() => ({ sha256: '' }))

vi.mock(import('../src/compiler-info.ts'), async (original) => {
  const { compilerInfo } = await original()
  return {
    compilerInfo: () => ({ ...compilerInfo(), ...(other.sha256 === '' ? {} : other) }),
  }
})

it('the revision changes with the compiler', async () => {
  const modules = [{ path: 'a.rego', source: 'package a\n\nallow := true\n' }]
  const revision = async () =>
    (await compile({ modules, entrypoints: ['a'], cache: false })).revision
  const before = await revision()
  expect(await revision()).toBe(before)
  other.sha256 = 'f'.repeat(64)
  expect(await revision()).not.toBe(before)
})
