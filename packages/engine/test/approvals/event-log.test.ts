import type { AppendOptions, AuditEvent, AuditLog } from '@lelu/audit'
import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import { fromKeyv, type StoredRow } from '../../src/index.ts'
import { approved, bob, suspended, temporaryFolder, testEngine } from '../support.ts'

/** A log that keeps its records, and reaches the disk when it is told to. */
function heldLog() {
  const kinds: string[] = []
  let waiting: AppendOptions[] = []
  let held = false
  let refused: string | undefined
  const log: AuditLog = {
    ...{ log: 'lelu', stream: 'test', directory: '', state: 'open' as const },
    ...{ weakened: [], archive: undefined, sealed: undefined },
    seal: async () => undefined,
    ship: async () => true,
    async append(event: AuditEvent, options: AppendOptions = {}) {
      if (event.kind === refused) throw new Error('too many records wait')
      kinds.push(event.kind)
      options.onWritten?.()
      if (!held || event.kind === 'decision') options.onDurable?.()
      else waiting.push(options)
      return { stream: 'test', seq: kinds.length, leaf: '' }
    },
    flush: async () => settle(),
    close: async () => {},
  }
  function settle(error?: unknown): void {
    const told = waiting
    waiting = []
    for (const { onDurable } of told) onDurable?.(error)
  }
  return {
    ...{ log, kinds, settle },
    hold: () => {
      held = true
    },
    refuse: (kind: string) => {
      refused = kind
    },
  }
}

async function heldEngine() {
  const held = heldLog()
  const keyv = new Keyv()
  const options = { directory: temporaryFolder(), audit: held.log, store: keyv }
  const lelu = await testEngine(options)
  const driver = fromKeyv(keyv)
  const rowOf = async (id: string) => (await driver.get(id)) as StoredRow
  const eventsOf = (row: StoredRow) =>
    (JSON.parse(row.body) as { events: { n: number }[] }).events.map(({ n }) => n)
  return { ...held, lelu, options, rowOf, eventsOf }
}

describe('the events of an approval', () => {
  it('stay in its row until the log has them on disk: a power cut takes none', async () => {
    const { lelu, hold, rowOf, eventsOf } = await heldEngine()
    hold()
    const id = await suspended(lelu)
    expect(eventsOf(await rowOf(id))).toEqual([1])
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    await lelu.resume(id, () => 'ran')
    const row = await rowOf(id)
    expect(eventsOf(row)).toEqual([1, 2, 3, 4, 5])
    expect(row.audited).toBe(0)
  })

  it('leave its row with the next transition, once they are on disk', async () => {
    const { lelu, hold, settle, rowOf, eventsOf } = await heldEngine()
    hold()
    const id = await suspended(lelu)
    settle()
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    const row = await rowOf(id)
    expect(eventsOf(row)).toEqual([2])
    expect(row.audited).toBe(1)
  })

  it('are known to the store soon after they are on disk, and at the latest when the engine closes', async () => {
    const { lelu, hold, settle, rowOf } = await heldEngine()
    hold()
    const id = await suspended(lelu)
    settle()
    await vi.waitFor(async () => expect((await rowOf(id)).audited).toBe(1), 30_000)
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    await lelu.close()
    expect((await rowOf(id)).audited).toBe(2)
  })

  it('are in the log once, though many load them at once', async () => {
    const { lelu, options, kinds } = await heldEngine()
    const id = await suspended(lelu)
    const other = await testEngine(options)
    kinds.length = 0
    await Promise.all(Array.from({ length: 20 }, () => other.approvals.get(id)))
    expect(kinds.filter((kind) => kind === 'approval.requested').length).toBeLessThanOrEqual(1)
  })

  it('are all written although somebody has said in the database that they are', async () => {
    const { lelu, hold, kinds, options, rowOf, eventsOf } = await heldEngine()
    const id = await approved(lelu)
    const driver = fromKeyv(options.store)
    const row = await rowOf(id)
    await driver.swap(row.rev, { ...row, audited: 99, attempt: row.attempt })
    const other = await testEngine(options)
    kinds.length = 0
    hold()
    await other.resume(id, () => 'ran')
    expect(eventsOf(await rowOf(id))).toEqual([3, 4, 5])
    expect(kinds.filter((kind) => kind !== 'decision')).toEqual([
      ...['token.minted', 'token.redeemed', 'outcome'],
    ])
  })

  it('are written again when the log may have lost them', async () => {
    const { lelu, hold, settle, kinds } = await heldEngine()
    const id = await approved(lelu)
    hold()
    await lelu.resume(id, () => 'ran')
    kinds.length = 0
    await lelu.approvals.get(id)
    expect(kinds).toEqual([])
    settle(new Error('the disk failed'))
    await lelu.approvals.get(id)
    expect(kinds).toContain('token.redeemed')
    expect(kinds).toContain('outcome')
  })

  it('are written again with the next transition when the log has lost them meanwhile', async () => {
    const { lelu, hold, settle, kinds } = await heldEngine()
    const id = await approved(lelu)
    hold()
    await lelu.resume(id, () => {
      kinds.length = 0
      settle(new Error('the disk failed'))
    })
    expect(kinds.toSorted()).toEqual(['outcome', 'token.minted', 'token.redeemed'])
  })

  it('are all written again when the log has refused one and taken the next', async () => {
    const { lelu, options, kinds, hold, refuse, settle } = await heldEngine()
    const id = await approved(lelu)
    hold()
    refuse('token.minted')
    await expect(lelu.resume(id, () => 'ran')).rejects.toThrow('too many records wait')
    settle()
    await lelu.close()
    refuse('nothing')
    const other = await testEngine(options)
    kinds.length = 0
    await other.approvals.get(id)
    expect(kinds).toEqual(['token.minted', 'token.redeemed'])
  })
})
