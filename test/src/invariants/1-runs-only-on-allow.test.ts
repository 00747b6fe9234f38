import type { AuditLog } from '@lelu/audit'
import { type ApprovalStore, type Effect, fromKeyv, type Policy } from '@lelu/engine'
import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import { approve, engine, rego, suspend, trade } from './support.ts'

const answering = (effect: unknown): Policy => ({
  revision: 'test',
  evaluate: () => ({ effect: effect as Effect, reasons: [], obligations: [], requirements: [] }),
})

/** A Keyv whose driver fails in one operation. */
function brokenStore(operation: keyof ApprovalStore, failure: () => Promise<never>): Keyv {
  const driver = fromKeyv(new Keyv())
  const broken = { ...driver, [operation]: failure }
  const adapter = {
    get: async () => undefined,
    set: async () => true,
    delete: async () => true,
    clear: async () => {},
  }
  return new Keyv({ store: { ...adapter, [Symbol.for('lelu.approval-store')]: broken } })
}

/** The first `good` records are written, none after that. */
function failingAudit(good: number): AuditLog {
  let written = 0
  const append: AuditLog['append'] = async () => {
    written += 1
    if (written > good)
      throw Object.assign(new Error('disk full'), {
        code: 'LELU_AUDIT_UNAVAILABLE',
        help: 'free some space',
      })
    return { stream: 'test', seq: written, leaf: '' }
  }
  return {
    log: 'lelu',
    stream: 'test',
    directory: '',
    state: 'open',
    weakened: [],
    archive: undefined,
    sealed: undefined,
    seal: async () => undefined,
    ship: async () => true,
    append,
    flush: async () => {},
    close: async () => {},
  }
}

describe('invariant 1: a tool runs only on allow or on a redeemed approval', () => {
  it.each([
    'require_approval',
    'deny',
    'ALLOW',
    'allowed',
    'approved',
    'not-applicable',
    '',
    true,
    1,
    null,
    undefined,
    {},
  ])('and not on the answer %j', async (effect) => {
    const tool = vi.fn()
    const lelu = await engine({ policies: answering(effect) })
    await lelu.guard(trade(0.97), tool).catch(() => {})
    expect(tool).not.toHaveBeenCalled()
  })

  it.each([
    ['a rule that answers a string', 'allow := "true"'],
    ['a rule that answers a number', 'allow := 1'],
    ['a rule that answers an object', 'allow := {"allow": true}'],
    ['an empty set', 'allow contains "x" if input.action == "other"'],
    ['a rule with a typing error in its name', 'alow := true\n\ndeny if false'],
    [
      'a conflict at run time',
      'allow if input.action == "trade"\n\nallow := false if input.confidence > 0',
    ],
    ['a deny beside the allow', 'allow := true\n\ndeny contains "no" if input.action == "trade"'],
    ['an obligation nobody knows', 'allow := true\n\nobligations contains {"type": "wear_a_hat"}'],
  ])('and not on %s', async (_what, source) => {
    const tool = vi.fn()
    const lelu = await engine({ policies: rego(`package lelu.authz\n\n${source}\n`) })
    expect(await lelu.guard(trade(0.97), tool)).toMatchObject({ status: 'denied' })
    expect(tool).not.toHaveBeenCalled()
  })

  it.each([0, 1])('and not when the audit log fails after %i records', async (good) => {
    const tool = vi.fn()
    const opened = engine({ audit: failingAudit(good) })
    const outcome = opened.then((lelu) => lelu.guard(trade(0.97), tool))
    await expect(outcome).rejects.toMatchObject({ code: 'LELU_AUDIT_UNAVAILABLE' })
    expect(tool).not.toHaveBeenCalled()
  })

  it('and not when the log fails at any record between an approval and its resume', async () => {
    // policy.loaded, decision, requested, reviewed, minted, decision again, redeemed: the outcome is the eighth.
    for (let good = 1; good < 7; good += 1) {
      const tool = vi.fn()
      const story = async () => {
        const lelu = await engine({ audit: failingAudit(good) })
        return lelu.resume(await approve(lelu), tool)
      }
      await expect(story(), `after ${good} records`).rejects.toMatchObject({
        code: 'LELU_AUDIT_UNAVAILABLE',
      })
      expect(tool).not.toHaveBeenCalled()
    }
    const tool = vi.fn()
    const lelu = await engine({ audit: failingAudit(7) })
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    expect(await lelu.resume(await approve(lelu), tool)).toMatchObject({ status: 'executed' })
    expect(tool).toHaveBeenCalledOnce()
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('could not be recorded'), {
      code: 'LELU_OUTCOME_UNRECORDED',
    })
    warned.mockRestore()
  })

  it('and not when the decision of its resume is written, but may not be on disk', async () => {
    const audit = failingAudit(1000)
    let resuming = false
    const lelu = await engine({
      audit: {
        ...audit,
        append: async (event, options) => {
          const receipt = await audit.append(event)
          options?.onWritten?.()
          if (resuming && event.kind === 'decision')
            throw Object.assign(new Error('no sync'), { code: 'LELU_AUDIT_UNAVAILABLE' })
          return receipt
        },
      },
    })
    const id = await approve(lelu)
    resuming = true
    const tool = vi.fn()
    await expect(lelu.resume(id, tool)).rejects.toMatchObject({ code: 'LELU_AUDIT_UNAVAILABLE' })
    expect(tool).not.toHaveBeenCalled()
  })

  it.each<[keyof ApprovalStore, string]>([
    ['create', 'suspending'],
    ['get', 'reading'],
    ['swap', 'claiming'],
    ['watermarks', 'looking for revocations'],
  ])('and not when the store fails at %s (%s)', async (operation) => {
    const tool = vi.fn()
    const lelu = await engine({
      store: brokenStore(operation, () => Promise.reject(new Error('connection refused'))),
    })
    const story = async () => lelu.resume(await approve(lelu), tool)
    await expect(story()).rejects.toMatchObject({ code: 'LELU_STORE_UNAVAILABLE' })
    expect(tool).not.toHaveBeenCalled()
  })

  it('and not when the store does not answer', async () => {
    const tool = vi.fn()
    const lelu = await engine({
      store: brokenStore('watermarks', () => new Promise(() => {})),
      storeDeadlineMs: 50,
    })
    const story = async () => lelu.resume(await approve(lelu), tool)
    await expect(story()).rejects.toMatchObject({
      code: 'LELU_STORE_UNAVAILABLE',
      message: expect.stringContaining('50 ms'),
    })
    expect(tool).not.toHaveBeenCalled()
  })

  it('and not on a pending approval, whatever the framework claims', async () => {
    const lelu = await engine()
    const tool = vi.fn()
    const id = await suspend(lelu)
    expect(await lelu.resume(id, tool)).toMatchObject({ status: 'suspended' })
    expect(tool).not.toHaveBeenCalled()
  })
})
