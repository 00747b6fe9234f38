import { join } from 'node:path'
import { readRecords } from '@lelu/audit/reading'
import { expect, onTestFinished, test } from 'vitest'
import { guardCall, holdCall, notRun } from '../../src/adapter/index.ts'
import { createLelu, LeluError, type Policy } from '../../src/index.ts'
import { policyOf, temporaryFolder } from '../support.ts'

const call = { context: null, id: 'call-1', run: 'run-1', tool: 'trade', input: { amount: 5 } }
const subject = { id: 'agent-1', type: 'agent' as const }
const reviewer = { id: 'rita', issuer: 'test', method: 'test' }
const reason = () => notRun(new LeluError('LELU_CALL_INVALID', 'Not now.', { help: 'None.' }))

const allowing = policyOf(() => ({ effect: 'allow' }))
const asking = policyOf(() => ({ effect: 'require_approval' }))

/** An engine, and how its log says that calls ended. */
async function engine(policies: Policy) {
  const directory = temporaryFolder()
  const lelu = await createLelu({ directory, policies })
  onTestFinished(() => lelu.close())
  const results = async () => {
    await lelu.close()
    const found: unknown[] = []
    for await (const { record } of readRecords({ directory: join(directory, 'audit') }))
      if (record.kind === 'outcome') found.push(record.result)
    return found
  }
  return { lelu, options: { lelu, subject }, results }
}

test('a held call that is released is on record as not run, and not as failed', async () => {
  const { options, results } = await engine(allowing)
  const first = await holdCall<unknown, null>(options, call)
  if (!('held' in first)) throw new Error('not held')
  first.held.release()
  await new Promise((resolve) => setImmediate(resolve)) // its outcome is on its way to the log
  expect(await results()).toEqual([
    { status: 'not_run', digest: null, duration_ms: expect.any(Number) },
  ])
})

test('a tool that fails with the very error of a guarded call in it has failed', async () => {
  const { lelu, options, results } = await engine(allowing)
  const outer = { subject, call: { id: 'outer', tool: 'helper', input: {} } }
  const running = lelu.guard(outer, async () => {
    const inner = await guardCall(options, call, () => {
      throw reason()
    })
    if (inner.status === 'threw') throw inner.error
  })
  await expect(running).rejects.toMatchObject({ code: 'LELU_CALL_INVALID' })
  expect(await results()).toMatchObject([
    { status: 'not_run' },
    { status: 'failed', error_code: 'LELU_CALL_INVALID' },
  ])
})

test('an approved call that is not run after all spends its approval, and nobody is told that it ran', async () => {
  const { lelu, options, results } = await engine(asking)
  const asked = await guardCall(options, call, () => 'ran')
  const id = asked.status === 'suspended' ? asked.approval.id : ''
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  const ended = await guardCall(options, call, () => {
    throw reason()
  })
  expect(ended).toMatchObject({ status: 'threw', error: { code: 'LELU_CALL_INVALID' } })
  expect(await lelu.approvals.get(id)).toMatchObject({
    state: 'failed',
    result: { status: 'not_run', message: 'Not now.' },
  })
  expect(await guardCall(options, call, () => 'ran')).toMatchObject({
    status: 'refused',
    code: 'LELU_APPROVAL_FAILED',
    text: expect.stringContaining('was not run'),
  })
  expect(await results()).toMatchObject([{ status: 'not_run' }])
})

test('so does one that a person let run again, after they found that nothing had come of it', async () => {
  const { lelu, options } = await engine(asking)
  const asked = await guardCall(options, call, () => 'ran')
  const id = asked.status === 'suspended' ? asked.approval.id : ''
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  await guardCall(options, call, () => {
    throw new DOMException('The user left.', 'AbortError')
  })
  await lelu.approvals.reconcile(id, { as: 'retry', reviewer, reason: 'nothing was sent' })
  await guardCall(options, call, () => {
    throw reason()
  })
  expect(await lelu.approvals.get(id)).toMatchObject({
    state: 'failed',
    result: { status: 'not_run' },
  })
})

test('so does the first try of a tool that may repeat: nothing of it was lost', async () => {
  const { lelu, options } = await engine(asking)
  const repeatable = { ...call, effect: 'idempotent' as const }
  const asked = await guardCall(options, repeatable, () => 'ran')
  const id = asked.status === 'suspended' ? asked.approval.id : ''
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  await guardCall(options, repeatable, () => {
    throw reason()
  })
  expect(await lelu.approvals.get(id)).toMatchObject({
    state: 'failed',
    result: { status: 'not_run' },
  })
})
