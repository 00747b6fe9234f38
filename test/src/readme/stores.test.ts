import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasPostgres, startPostgres } from '@lelu/testing'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../support/processes.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const sample = join(root, 'test/src/stores/sample.ts')
const missing = hasPostgres() ? '' : ' (skipped: PostgreSQL is not installed)'

it('docs/stores.md shows the sample as it is', () => {
  const page = readFileSync(join(root, 'docs/stores.md'), 'utf8')
  expect(page).toContain(readFileSync(sample, 'utf8').trim())
})

it.skipIf(!hasPostgres())(`the sample opens an engine over PostgreSQL${missing}`, async () => {
  const server = await startPostgres()
  onTestFinished(() => server.stop())
  const folder = temporaryFolder()
  cpSync(join(root, 'policies/trading'), join(folder, 'policies'), { recursive: true })
  rmSync(join(folder, 'policies/policy_test.rego'), { force: true })
  const use = `
    const { openLelu } = await import(${JSON.stringify(sample)})
    const lelu = await openLelu(${JSON.stringify(server.url)})
    const request = {
      subject: { id: 'trader-1', type: 'agent' },
      call: { id: '1', tool: 'trade', input: { symbol: 'ACME' } },
    }
    console.log((await lelu.guard(request, () => 'ran')).status)
    await lelu.close()
    process.exit(0)`
  const words = ['--conditions=lelu:source', '--input-type=module', '-e', use]
  const output = execFileSync(process.execPath, words, { cwd: folder, encoding: 'utf8' })
  expect(output.trim()).toBe('suspended')
})
