import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { groups } from '../src/suite.ts'

const folder = join(import.meta.dirname, '..')
const page = readFileSync(join(folder, 'README.md'), 'utf8')
const rows = page.split('\n').filter((line) => /^\| *\d+ *\|/.test(line))

it('README.md plays each of the 25 traps by a group of the suite, or by tests that are there', () => {
  expect(rows).toHaveLength(25)
  for (const row of rows) {
    const [, , , group = '', tests = ''] = row.split('|').map((cell) => cell.trim())
    expect(`${group}${tests}`).not.toBe('')
    for (const name of group === '' ? [] : group.split('; ')) expect(groups).toHaveProperty(name)
    for (const [, link = ''] of tests.matchAll(/\]\(([^)]+)\)/g))
      expect(existsSync(join(folder, link)), link).toBe(true)
  }
})
