import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ocsfVersion } from '@lelu/audit/reading'
import { expect, it } from 'vitest'
import { eventKinds } from '../../../packages/audit/src/record/event.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const page = readFileSync(join(root, 'docs/audit-export.md'), 'utf8')

it('docs/audit-export.md says what becomes of every kind of record, and in which version of OCSF', () => {
  expect(page).toContain(`Version **${ocsfVersion}**`)
  for (const kind of eventKinds) expect(page).toContain(`\`${kind}\``)
})
