import { expect, it } from 'vitest'
import { openReviewDesk } from '../../src/index.ts'
import {
  approved,
  bob,
  overview,
  policyOf,
  suspended,
  temporaryFolder,
  testEngine,
} from '../support.ts'

const schema = { type: 'object' }
const input = { symbol: 'ACME', amount: 5 }

it('an edit with a denying verdict is refused: nobody could say what was denied', async () => {
  const lelu = await testEngine()
  const id = await suspended(lelu, { schema })
  const denied = lelu.approvals.review(id, { verdict: 'deny', reviewer: bob, input })
  await expect(denied).rejects.toMatchObject({ code: 'LELU_EDIT_REFUSED' })
  expect(await lelu.approvals.get(id)).toMatchObject({ state: 'pending', votes: [], edits: [] })
})

it('an edit of one who may not review never asks the policy: the answers would tell them its rules', async () => {
  const asked: unknown[] = []
  const policies = policyOf((rego) => {
    asked.push(rego.args)
    return overview.evaluate(rego)
  })
  const lelu = await testEngine({ policies })
  const id = await suspended(lelu, { schema })
  const reviewer = { ...bob, id: 'alice' }
  const edited = lelu.approvals.review(id, { verdict: 'approve', reviewer, input })
  await expect(edited).rejects.toMatchObject({ code: 'LELU_REVIEWER_NOT_ELIGIBLE' })
  expect(asked).toHaveLength(1)
})

it('an edit of a call that is approved already is an error, also of the one who approved it', async () => {
  const lelu = await testEngine()
  const id = await approved(lelu, { schema })
  const edited = lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, input })
  await expect(edited).rejects.toMatchObject({
    code: 'LELU_APPROVAL_STATE',
    details: { state: 'approved' },
  })
})

it('an edit at a desk is refused by its name: no policy could decide on the new input', async () => {
  const directory = temporaryFolder()
  const lelu = await testEngine({ directory, store: undefined as never })
  const id = await suspended(lelu, { schema })
  const desk = await openReviewDesk({ directory })
  const edited = desk.approvals.review(id, { verdict: 'approve', reviewer: bob, input })
  await expect(edited).rejects.toMatchObject({ code: 'LELU_EDIT_REFUSED' })
  await desk.close()
})
