import { expect, it } from 'vitest'
import type { Lelu } from '../../src/index.ts'
import { suspended, testEngine } from '../support.ts'

type Given = never
const invalid = 'LELU_REQUEST_INVALID'

/** What a host may forget to pass, by the code that it hears. */
const methods: [string, string, (lelu: Lelu, id: string, given: Given) => Promise<unknown>][] = [
  ['approvals.find', invalid, ({ approvals }, _id, given) => approvals.find(given)],
  ['approvals.reconcile', invalid, ({ approvals }, id, given) => approvals.reconcile(id, given)],
  ['grants.create', invalid, ({ grants }, id, given) => grants.create(id, given)],
  ['inputs.erase', invalid, ({ inputs }, id, given) => inputs.erase(id, given)],
  [
    'approvals.review',
    'LELU_REVIEW_INVALID',
    (lelu, id, given) => lelu.approvals.review(id, given),
  ],
]

it.each(methods)('%s without what it needs is %s, with what to do', async (_name, code, ask) => {
  const lelu = await testEngine()
  const id = await suspended(lelu)
  for (const given of [undefined, null, 'approve', 7]) {
    const help = expect.stringContaining('Pass')
    await expect(ask(lelu, id, given as never)).rejects.toMatchObject({ code, help })
  }
  expect((await lelu.approvals.get(id)).state).toBe('pending')
})
