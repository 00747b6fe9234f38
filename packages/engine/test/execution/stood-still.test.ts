import { join } from 'node:path'
import { type AuditLog, openAuditLog } from '@lelu/audit'
import { Keyv } from 'keyv'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { Lelu, ToolEffect } from '../../src/index.ts'
import { recordsOf } from '../recorded/support.ts'
import { approved, temporaryFolder, testClock, testEngine, trade } from '../support.ts'

const dana = { id: 'dana', issuer: 'test', method: 'test' }

/** A log whose decisions are written at once, and are on disk only when it is told so. */
async function slowLog(): Promise<{ log: AuditLog; held: Promise<void>; goOn: () => void }> {
  const audit = await openAuditLog({ directory: temporaryFolder(), keys: temporaryFolder() })
  onTestFinished(() => audit.close())
  const [held, disk] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const log: AuditLog = Object.create(audit, {
    append: {
      value: async (...given: Parameters<AuditLog['append']>) => {
        const receipt = await audit.append(...given)
        if (given[0].kind !== 'decision' || given[0].refs?.approval === undefined) return receipt
        held.resolve()
        await disk.promise
        return receipt
      },
    },
  })
  return { log, held: held.promise, goOn: disk.resolve }
}

/** The first engine has claimed the call, and stands still before its tool begins, until its lease is over. */
async function stoodStill(effect: ToolEffect) {
  const clock = testClock()
  const shared = {
    directory: temporaryFolder(),
    store: new Keyv(),
    now: clock.now,
    leaseMs: 60_000,
  }
  const { log, held, goOn } = await slowLog()
  const second = await testEngine(shared)
  const first = await testEngine({ ...shared, audit: log })
  const id = await approved(second, { effect })
  const tool = vi.fn(() => 'first')
  const outcome = first.resume(id, tool)
  outcome.catch(() => {})
  await held
  await vi.waitFor(
    async () => expect((await second.approvals.get(id)).state).toBe('executing'),
    30_000,
  )
  clock.advance(60_001)
  return { second, id, tool, outcome, goOn }
}

const retried = async (second: Lelu, id: string) => {
  const word = { as: 'retry' as const, reviewer: dana, reason: 'the bank has no such order' }
  await second.approvals.get(id)
  await second.approvals.reconcile(id, word)
  return second.resume(id, () => 'second')
}

it('a claim whose lease ended before its tool began runs nothing beside what a person let run again', async () => {
  const { second, id, tool, outcome, goOn } = await stoodStill('non_idempotent')
  expect(await retried(second, id)).toMatchObject({ status: 'executed', value: 'second' })
  goOn()
  expect(await outcome).toMatchObject({ status: 'executed', value: 'second', replayed: true })
  expect(tool).not.toHaveBeenCalled()
})

it('nor beside a further attempt of a tool that may repeat', async () => {
  const { second, id, tool, outcome, goOn } = await stoodStill('idempotent')
  const [begun, done] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()]
  const further = second.resume(id, () => {
    begun.resolve()
    return done.promise
  })
  await begun.promise
  goOn()
  await expect(outcome).rejects.toMatchObject({ code: 'LELU_APPROVAL_EXECUTING' })
  expect(tool).not.toHaveBeenCalled()
  done.resolve('second')
  expect(await further).toMatchObject({ status: 'executed', value: 'second' })
})

it('a claim that nobody else has taken up since runs its tool, under a lease that is new', async () => {
  const { second, id, tool, outcome, goOn } = await stoodStill('non_idempotent')
  goOn()
  expect(await outcome).toMatchObject({ status: 'executed', value: 'first' })
  expect(tool).toHaveBeenCalledOnce()
  expect(await second.approvals.get(id)).toMatchObject({
    state: 'completed',
    attempt: { number: 1 },
  })
})

it('nor what was stopped while it stood still', async () => {
  const { second, id, tool, outcome, goOn } = await stoodStill('non_idempotent')
  await second.killSwitch.stop({ all: true })
  goOn()
  expect(await outcome).toMatchObject({
    status: 'denied',
    decision: { reasons: [{ id: 'stopped' }] },
  })
  expect(tool).not.toHaveBeenCalled()
  expect(await second.approvals.get(id)).toMatchObject({ state: 'unknown' })
})

it('nor what was revoked while it stood still', async () => {
  const { second, id, tool, outcome, goOn } = await stoodStill('idempotent')
  await second.tokens.revoke({ agent: 'trader-1' })
  goOn()
  await expect(outcome).rejects.toMatchObject({ code: 'LELU_TOKEN_REFUSED' })
  expect(tool).not.toHaveBeenCalled()
  await expect(second.resume(id, tool)).rejects.toThrow()
  expect(tool).not.toHaveBeenCalled()
})

it('nor does a process run what the policy allowed, when all was stopped while it stood still', async () => {
  const directory = temporaryFolder()
  const shared = { directory, store: new Keyv() }
  const other = await testEngine(shared)
  const audit = await openAuditLog({
    directory: join(directory, 'audit'),
    keys: join(directory, 'keys', 'audit'),
  })
  onTestFinished(() => audit.close())
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const log: AuditLog = Object.create(audit, {
    append: {
      value: async (...given: Parameters<AuditLog['append']>) => {
        const receipt = await audit.append(...given)
        if (given[0].kind === 'decision') {
          await other.killSwitch.stop({ all: true })
          vi.setSystemTime(Date.now() + 60_000)
        }
        return receipt
      },
    },
  })
  const lelu = await testEngine({ ...shared, audit: log })
  const tool = vi.fn()
  expect(await lelu.guard(trade(0.97), tool)).toMatchObject({
    status: 'denied',
    decision: { effect: 'deny', reasons: [{ id: 'stopped' }] },
  })
  expect(tool).not.toHaveBeenCalled()
  await audit.flush()
  expect(await recordsOf(directory, 'outcome')).toMatchObject([{ result: { status: 'not_run' } }])
})
