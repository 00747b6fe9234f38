import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

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
