import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLelu, type Policy } from '@lelu/engine'
import { Keyv } from 'keyv'
import { expect, it, onTestFinished } from 'vitest'
import { approveForAnHour, takeBack } from '../approvals/sample.ts'
import { temporaryFolder } from '../support/processes.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const page = readFileSync(join(root, 'docs/approvals.md'), 'utf8')

it('docs/approvals.md shows the sample as it is', () => {
  expect(page).toContain(readFileSync(join(root, 'test/src/approvals/sample.ts'), 'utf8').trim())
})

it('the sample approves, lets five more run, and takes it all back', async () => {
  const requirements = [{ id: 'ask', quorum: 1, reviewers: null, expiresInMs: null }]
  const policies: Policy = {
    revision: 'test',
    evaluate: () => ({ effect: 'require_approval', reasons: [], obligations: [], requirements }),
  }
  const lelu = await createLelu({ directory: temporaryFolder(), store: new Keyv(), policies })
  onTestFinished(() => lelu.close())
  const bob = { id: 'bob', issuer: 'test', method: 'test' }
  const statusOf = async (id: string) => {
    const call = { id, tool: 'trade', input: { symbol: 'ACME' } }
    return lelu.guard({ subject: { id: 'trader-1', type: 'agent' }, call, run: 'r' }, () => 'ran')
  }
  const first = await statusOf('1')
  if (first.status !== 'suspended') throw new Error(`expected suspended, got ${first.status}`)
  expect(await approveForAnHour(lelu, first.approval.id, bob)).toMatchObject({ state: 'approved' })
  const more: string[] = []
  for (const id of ['2', '3', '4', '5', '6', '7']) more.push((await statusOf(id)).status)
  expect(more).toEqual([...Array(5).fill('executed'), 'suspended'])
  await takeBack(lelu, 'trader-1', bob)
  expect(await statusOf('8')).toMatchObject({
    status: 'denied',
    decision: { reasons: [{ id: 'stopped' }] },
  })
  await lelu.killSwitch.start({ agent: 'trader-1' })
  await expect(statusOf('1')).rejects.toMatchObject({ details: { reason: 'token_revoked' } })
})
