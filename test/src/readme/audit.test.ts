import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createProgram } from '../../../packages/cli/src/program.ts'

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url))
const pages = readdirSync(docs).filter((name) => /^(audit.*|s3)\.md$/.test(name))
const read = (name: string) => readFileSync(join(docs, name), 'utf8')
const errors = readFileSync(join(docs, '../packages/audit/src/errors.ts'), 'utf8')

it('docs/audit.md leads to every page about the log', () => {
  const audit = read('audit.md')
  for (const page of pages) if (page !== 'audit.md') expect(audit).toContain(`](${page})`)
})

it.each(pages)('docs/%s names codes that errors have', (name) => {
  for (const [code] of read(name).matchAll(/LELU_AUDIT_[A-Z_]+[A-Z]/g)) {
    if (!warnings.includes(code)) expect(errors).toContain(`'${code}'`)
  }
})
const warnings = ['LELU_AUDIT_OPENINGS_LOST', 'LELU_AUDIT_RECOVERY', 'LELU_AUDIT_SUBJECT']

it('docs/audit.md shows the sample as it is compiled', () => {
  const sample = readFileSync(new URL('./audit-sample.ts', import.meta.url), 'utf8')
  expect(read('audit.md')).toContain(sample.trim())
})

it('docs/audit.md names commands and options that there are', () => {
  const group = createProgram({} as never).program.commands.find(
    (command) => command.name() === 'audit',
  )
  const lines = [...read('audit.md').matchAll(/^lelu audit (.*?)(?:\s+#.*)?$/gm)]
  expect(lines.length).toBeGreaterThan(5)
  for (const [, words = ''] of lines) {
    const [name, ...rest] = words.split(/\s+/)
    const command = group?.commands.find((one) => one.name() === name)
    expect([name, command?.name()]).toEqual([name, name])
    const known = command?.options.map(({ long }) => long)
    for (const flag of rest.filter((word) => word.startsWith('--'))) expect(known).toContain(flag)
  }
})
