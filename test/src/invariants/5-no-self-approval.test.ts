import { spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { createLelu } from '@lelu/engine'
import { describe, expect, it } from 'vitest'
import { testCache } from '../support/cache.ts'
import { temporaryFolder } from '../support/processes.ts'
import { engine, overview, rego, suspend, trade } from './support.ts'

const bin = fileURLToPath(new URL('../../../packages/cli/src/bin.ts', import.meta.url))

describe('invariant 5: nobody approves a call that is made by or for them', () => {
  it.each(['trader-1', 'alice'])(
    'not %s, neither to approve nor to deny nor to edit',
    async (id) => {
      const lelu = await engine()
      const approval = await suspend(lelu, { schema: { type: 'object' } })
      const reviewer = { id, issuer: 'anything', method: 'anything' }
      for (const review of [
        { verdict: 'approve' },
        { verdict: 'deny' },
        { verdict: 'approve', input: { amount: 1 } },
      ] as const) {
        await expect(
          lelu.approvals.review(approval, { ...review, reviewer }),
        ).rejects.toMatchObject({ code: 'LELU_REVIEWER_NOT_ELIGIBLE' })
      }
      expect((await lelu.approvals.get(approval)).votes).toEqual([])
    },
  )

  it('nor anybody up the chain of those the agent acts for', async () => {
    const lelu = await engine()
    const subject = {
      id: 'a',
      type: 'agent' as const,
      actingFor: { id: 'b', type: 'agent' as const, actingFor: { id: 'c', type: 'user' as const } },
    }
    const outcome = await lelu.guard({ ...trade(0.85), subject }, () => 'never')
    if (outcome.status !== 'suspended') throw new Error(outcome.status)
    for (const id of ['a', 'b', 'c']) {
      const reviewer = { id, issuer: 'x', method: 'y' }
      await expect(
        lelu.approvals.review(outcome.approval.id, { verdict: 'approve', reviewer }),
      ).rejects.toMatchObject({ code: 'LELU_REVIEWER_NOT_ELIGIBLE' })
    }
  })

  it('and the CLI takes the reviewer from the operating system, whatever the environment says', async () => {
    const directory = temporaryFolder()
    const lelu = await createLelu({ directory, policies: rego(overview), cache: testCache })
    const subject = { id: 'trader-1', type: 'agent' as const }
    const outcome = await lelu.guard({ ...trade(0.85), subject }, () => 'never')
    if (outcome.status !== 'suspended') throw new Error(outcome.status)
    const { id } = outcome.approval
    const env = {
      ...process.env,
      USER: 'mallory',
      LOGNAME: 'mallory',
      USERNAME: 'mallory',
      SUDO_USER: 'mallory',
    }
    const ended = spawnSync(
      process.execPath,
      ['--conditions=lelu:source', bin, '--directory', directory, 'approvals', 'approve', id],
      { env, encoding: 'utf8' },
    )
    expect(ended.stderr).toBe('')
    const { votes } = await lelu.approvals.get(id)
    expect(votes).toMatchObject([{ reviewer: { id: userInfo().username, method: 'os-user' } }])
    await lelu.close()
  })
})
