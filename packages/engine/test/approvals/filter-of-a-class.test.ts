import { expect, it } from 'vitest'
import type { ApprovalFilter } from '../../src/index.ts'
import { suspended, testEngine } from '../support.ts'

// Left out by a spread, as getters of a class are, they would list everything, and one page again and again.
it('a filter whose members come from a class is read like any other', async () => {
  const lelu = await testEngine()
  for (const id of ['call-1', 'call-2', 'call-3']) await suspended(lelu, { id })
  const filterOf = (given: { state?: 'denied'; after?: string }): ApprovalFilter =>
    new (class {
      get limit() {
        return 2
      }
      get state() {
        return given.state
      }
      get after() {
        return given.after
      }
    })() as ApprovalFilter
  expect((await lelu.approvals.list(filterOf({ state: 'denied' }))).approvals).toEqual([])
  const { next } = await lelu.approvals.list(filterOf({}))
  const last = await lelu.approvals.list(filterOf({ after: next ?? '' }))
  expect(last.approvals).toHaveLength(1)
  expect(last.next).toBe(null)
})
