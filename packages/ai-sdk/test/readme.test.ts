import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('the README shows the example as it compiles', () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
  expect(read('../README.md')).toContain(read('./readme-example.ts').trim())
})
