import { readRecords } from '@lelu/audit/reading'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/processes.ts'
import { bob, engine, rego, suspend } from './support.ts'

const schema = {
  type: 'object',
  properties: { amount: { type: 'number' } },
  required: ['amount'],
  additionalProperties: false,
}
const limit = rego(`package lelu.authz

require_approval if input.action == "trade"

deny contains {"id": "limit", "reason": "over the limit"} if input.args.amount > 500
`)

describe('invariant 6: an edited input is a new decision', () => {
  it('that the policy can refuse', async () => {
    const lelu = await engine({ policies: limit })
    const id = await suspend(lelu, { input: { amount: 100 }, schema })
    const edit = lelu.approvals.review(id, {
      verdict: 'approve',
      reviewer: bob,
      input: { amount: 501 },
    })
    await expect(edit).rejects.toMatchObject({
      code: 'LELU_EDIT_REFUSED',
      details: { reasons: [{ id: 'limit' }] },
    })
  })

  it('that the schema of the tool can refuse', async () => {
    const lelu = await engine({ policies: limit })
    const id = await suspend(lelu, { input: { amount: 100 }, schema })
    for (const input of [{ amount: '5' }, {}, { amount: 5, to: 'mallory' }, null]) {
      await expect(
        lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, input }),
      ).rejects.toMatchObject({ code: 'LELU_EDIT_REFUSED' })
    }
  })

  it('with a digest and a record of its own, and it is what runs', async () => {
    const directory = temporaryFolder()
    const lelu = await engine({ policies: limit, directory })
    const id = await suspend(lelu, { input: { amount: 100 }, schema })
    const before = await lelu.approvals.get(id)
    const after = await lelu.approvals.review(id, {
      verdict: 'approve',
      reviewer: bob,
      input: { amount: 50 },
    })
    expect(after.digest).not.toBe(before.digest)
    expect(after.decision.id).not.toBe(before.decision.id)
    const seen: unknown[] = []
    await lelu.resume(id, (call) => seen.push(call.input))
    expect(seen).toEqual([{ amount: 50 }])
    const digests: unknown[] = []
    const shown: unknown[] = []
    for await (const { record } of readRecords({ directory: `${directory}/audit` })) {
      if (record.kind === 'decision') {
        digests.push(record.input_digest)
        const { openings } = await lelu.inputs.reveal(record)
        shown.push(openings.find(({ path }) => path === '/input_digest')?.value)
      }
    }
    expect(shown).toEqual([before.digest, after.digest, after.digest])
    expect(digests).toEqual([digests[0], digests[1], digests[1]])
    expect(digests[0]).not.toBe(digests[1])
  })
})
