import { expect, test, vi } from 'vitest'
import { LeluError, notRun } from '../../src/adapter/index.ts'
import { createLelu } from '../../src/index.ts'
import { approved, overview, temporaryFolder, testEngine, trade } from '../support.ts'

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable(new Error('x'), {})
  revoke()
  return proxy
}
const throwing = (name: string) =>
  Object.defineProperty(new Error('x'), name, {
    get() {
      throw new Error('no')
    },
  })

test.each([
  ['an error whose message is an object', () => Object.assign(new Error(), { message: { a: 1 } })],
  ['an error without a message', () => Object.assign(new Error(), { message: undefined })],
  ['an object that has no text', () => Object.create(null)],
  ['an error whose name cannot be read', () => throwing('name')],
  ['an error whose code cannot be read', () => throwing('code')],
  ['what can no longer be looked at', revoked],
])('a tool that throws %s has failed, and its caller gets what it threw', async (_what, make) => {
  const lelu = await testEngine()
  const thrown = make()
  const caught = (run: Promise<unknown>) =>
    run.then(
      () => ({ none: true }),
      (error: unknown) => ({ error }),
    )
  const id = await approved(lelu)
  const ended = await caught(lelu.resume(id, () => Promise.reject(thrown)))
  expect('error' in ended && ended.error === thrown).toBe(true)
  expect(await lelu.approvals.get(id)).toMatchObject({ state: 'failed' })
  const allowed = await caught(lelu.guard(trade(0.97), () => Promise.reject(thrown)))
  expect('error' in allowed && allowed.error === thrown).toBe(true)
})

test('what is no function is refused before anything is decided or spent', async () => {
  const lelu = await testEngine()
  const id = await approved(lelu)
  for (const asked of [
    lelu.resume(id, undefined as never),
    lelu.guard(trade(0.97), 'ran' as never),
  ]) {
    await expect(asked).rejects.toMatchObject({ code: 'LELU_REQUEST_INVALID' })
  }
  expect((await lelu.approvals.get(id)).state).toBe('approved')
})

test('a tool cannot change its approval: what it did would be sealed with the end of the call', async () => {
  const lelu = await testEngine()
  const id = await approved(lelu, {}, { run: 'run-1' })
  const before = await lelu.approvals.get(id)
  const tool = vi.fn((_call, { approval }) => {
    expect(() => approval.votes.pop()).toThrow(TypeError)
    expect(() => Object.assign(approval.request.subject, { id: 'someone' })).toThrow(TypeError)
  })
  await lelu.resume(id, tool)
  expect(tool).toHaveBeenCalledOnce()
  const { votes, request } = await lelu.approvals.get(id)
  expect({ votes, request }).toEqual({ votes: before.votes, request: before.request })
})

test('of a further attempt that was not run, the earlier one leaves it open what took effect', async () => {
  const directory = temporaryFolder()
  const open = () => createLelu({ directory, policies: overview, leaseMs: 100, closeWithinMs: 0 })
  const lost = await open()
  const id = await approved(lost, { effect: 'idempotent' }, { run: 'run-1' })
  void lost.resume(id, () => new Promise(() => {})).catch(() => {})
  await vi.waitFor(
    async () => expect((await lost.approvals.get(id)).state).toBe('executing'),
    30_000,
  )
  await lost.close() // stands for a process that dies while its tool is at work
  const lelu = await open()
  const reason = notRun(new LeluError('LELU_CALL_INVALID', 'Left behind.', { help: 'None.' }))
  await vi.waitFor(
    () => expect(lelu.resume(id, () => Promise.reject(reason))).rejects.toBe(reason),
    { timeout: 30_000, interval: 50 },
  )
  expect((await lelu.approvals.get(id)).state).toBe('unknown')
  await lelu.close()
})

test.each([
  ['an answer', () => new Response('x')],
  ['headers', () => new Headers({ a: 'b' })],
  ['a date that is none', () => new Date(Number.NaN)],
  ['bytes', () => Buffer.from('x')],
  ['a number that JSON has no word for', () => Number.NaN],
  ['an error that shows its code alone', () => Object.assign(new Error('x'), { code: 'E' })],
  ['a map that shows a member', () => Object.assign(new Map([[1, 2]]), { a: 1 })],
  ['a set that shows a member', () => Object.assign(new Set([1]), { a: 1 })],
  ['a pattern that shows a member', () => Object.assign(/x/, { a: 1 })],
  ['a promise that shows a member', () => Object.assign(Promise.resolve(1), { a: 1 })],
  ['what can no longer be looked at', revoked],
])('a result that is %s is answered once and not kept', async (_what, make) => {
  const lelu = await testEngine()
  const id = await approved(lelu)
  const value = make()
  const outcome = await lelu.resume(id, () => [value])
  expect(outcome.status === 'executed' && Object.is(outcome.value[0], value)).toBe(true)
  expect((await lelu.approvals.get(id)).result).toMatchObject({ status: 'completed', kept: false })
})

test.each([
  ['an empty object', {}],
  ['an empty object without a prototype', Object.create(null)],
  ['an empty list', []],
  [
    'an object of a class that shows its members',
    new (class {
      a = 1
    })(),
  ],
])('a result that is %s is kept', async (_what, value) => {
  const lelu = await testEngine()
  const id = await approved(lelu)
  await lelu.resume(id, () => value)
  expect((await lelu.approvals.get(id)).result).toMatchObject({ kept: true })
})

test('a call whose names no token can hold is refused before a person is asked', async () => {
  const lelu = await testEngine()
  const long = '名'.repeat(1024)
  const asked = lelu.guard(trade(0.85, { id: long }, { run: long }), () => 'ran')
  await expect(asked).rejects.toMatchObject({ code: 'LELU_REQUEST_INVALID' })
  expect((await lelu.approvals.list()).approvals).toEqual([])
  // As long as it may be, it can be approved and run.
  const id = await approved(lelu, { id: 'x'.repeat(800) }, { run: 'y'.repeat(800) })
  expect(await lelu.resume(id, () => 'ran')).toMatchObject({ status: 'executed' })
})
