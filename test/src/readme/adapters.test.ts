import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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

it('docs/adapters.md links to files that are there', () => {
  const links = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] as string)
  expect(links.length).toBeGreaterThan(0)
  for (const link of links)
    expect(() => readFileSync(join(dirname(join(root, 'docs/adapters.md')), link))).not.toThrow()
})
