import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const page = readFileSync(join(root, 'docs/adapters.md'), 'utf8')

it('docs/adapters.md shows the adapter of the made-up framework as the suite plays it', () => {
  const folder = join(root, 'packages/testing/test')
  expect(page).toContain(readFileSync(join(folder, 'made-up/adapter.ts'), 'utf8').trim())
  expect(page).toContain(
    readFileSync(join(folder, 'made-up.test.ts'), 'utf8')
      .trim()
      .replace("'../src/index.ts'", "'@lelu/testing'"),
  )
})
