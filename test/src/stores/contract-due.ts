import type { ApprovalStore } from '@lelu/engine'
import { describe, expect, it } from 'vitest'
import { freshId, rowOf } from './rows.ts'

let earliest = 1_700_000_000_000

/** A time before those of all other tests, whose rows may be in the same database: so they are not due yet. */
function freshTime(): number {
  earliest -= 1_000_000
  return earliest
}

/** What every driver does with the time at which a row is due. */
export function dueContract(name: string, open: () => Promise<ApprovalStore>): void {
  const idsAt = async (store: ApprovalStore, now: number, limit = 999) =>
    (await store.due(now, limit)).map(({ id }) => id)

  describe(`the ${name} driver, of what is due,`, () => {
    it('finds a row at its time and not before, as it was given', async () => {
      const store = await open()
      const time = freshTime()
      const row = rowOf(freshId(), { due: time, idem: freshId() })
      await store.create(row)
      expect(await store.get(row.id)).toEqual(row)
      expect(await store.due(time - 1, 9)).toEqual([])
      expect(await store.due(time - 0.5, 9)).toEqual([])
      expect(await store.due(time, 9)).toEqual([row])
      expect(await store.due(time + 0.5, 9)).toEqual([row])
    })

    it('never finds a row without a time', async () => {
      const store = await open()
      await store.create(rowOf(freshId()))
      expect(await store.due(freshTime(), 9)).toEqual([])
    })

    it('answers the longest due first, whatever its tenant, and no more than asked for', async () => {
      const store = await open()
      const time = freshTime()
      const ids = Array.from({ length: 200 }, () => freshId())
      // Made in another order than that of their times, which is the reverse of their ids.
      const made = ids.map((id, n) =>
        rowOf(id, { due: time - n, tenant: n % 2 === 0 ? 'one' : 'two' }),
      )
      const shuffled = [...made].sort((a, b) => (Number(a.due) % 7) - (Number(b.due) % 7))
      await Promise.all(shuffled.map((row) => store.create(row)))
      const sorted = [...ids].reverse()
      expect(await idsAt(store, time)).toEqual(sorted)
      expect(await idsAt(store, time, 50)).toEqual(sorted.slice(0, 50))
      expect(await idsAt(store, time - 190, 50)).toEqual(sorted.slice(0, 10))
      expect(await idsAt(store, time, 1)).toEqual([ids.at(-1)])
      for (const row of await store.due(time, 200)) {
        expect(row).toEqual(made.find(({ id }) => id === row.id))
      }
    })

    it('answers rows of one time in order of id', async () => {
      const store = await open()
      const time = freshTime()
      const ids = Array.from({ length: 5 }, () => freshId())
      for (const id of [...ids].reverse()) await store.create(rowOf(id, { due: time }))
      expect(await idsAt(store, time)).toEqual(ids)
    })

    it('moves with a swap, is taken out by null, and comes back', async () => {
      const store = await open()
      const time = freshTime()
      const id = freshId()
      const times = [time, time + 200, time + 100, null, null, time + 300, null]
      for (const [n, due] of times.entries()) {
        const row = rowOf(id, { rev: n + 1, due, state: due === null ? 'completed' : 'executing' })
        if (n === 0) await store.create(row)
        else expect(await store.swap(n, row)).toBe('done')
        expect(await store.get(id)).toEqual(row)
        for (const now of [time - 1, time, time + 100, time + 200, time + 300]) {
          expect(await store.due(now, 9)).toEqual(due !== null && due <= now ? [row] : [])
        }
      }
    })

    it('stays as it is when a swap is refused', async () => {
      const store = await open()
      const time = freshTime()
      const row = rowOf(freshId(), { due: time })
      const plain = rowOf(freshId())
      for (const one of [row, plain]) await store.create(one)
      expect(await store.swap(2, { ...row, rev: 3, due: time - 1 })).toBe('conflict')
      expect(await store.swap(2, { ...row, rev: 3, due: null })).toBe('conflict')
      expect(await store.swap(2, { ...plain, rev: 3, due: time - 1 })).toBe('conflict')
      expect(await store.swap(1, rowOf(freshId(), { rev: 2, due: time - 1 }))).toBe('conflict')
      if (store.clock !== undefined) {
        const now = await store.clock()
        const next = { ...row, rev: 2, due: null }
        expect(await store.swap(1, next, { before: now - 1 })).toBe('late')
        expect(await store.swap(1, next, { notBefore: now + 60_000 })).toBe('early')
      }
      expect(await store.due(time, 9)).toEqual([row])
    })

    it('stays as it is when a row is in the way of another', async () => {
      const store = await open()
      const time = freshTime()
      const row = rowOf(freshId(), { due: time, idem: freshId() })
      await store.create(row)
      const sameId = rowOf(row.id, { due: time - 2, idem: freshId() })
      const sameCall = rowOf(freshId(), { due: time - 1, idem: row.idem })
      for (const other of [sameId, sameCall, { ...sameCall, due: null }]) {
        expect(await store.create(other)).toEqual({ created: false, row })
      }
      expect(await store.due(time, 9)).toEqual([row])
    })

    it('is not touched by a note about the log', async () => {
      const store = await open()
      const time = freshTime()
      const row = rowOf(freshId(), { due: time })
      await store.create(row)
      await store.markAudited([{ id: row.id, audited: 3 }])
      await expect.poll(async () => (await store.get(row.id))?.audited).toBe(3)
      expect(await store.due(time, 9)).toEqual([{ ...row, audited: 3 }])
    })

    it('belongs to one of many swaps at once: the one that won', async () => {
      const store = await open()
      const time = freshTime()
      const id = freshId()
      await store.create(rowOf(id, { due: time }))
      const nexts = Array.from({ length: 30 }, (_, n) =>
        rowOf(id, { rev: 2, attempt: `${n}`, due: n % 3 === 0 ? null : time - n }),
      )
      const swaps = await Promise.all(nexts.map((next) => store.swap(1, next)))
      const won = nexts[swaps.indexOf('done')]
      expect(await store.get(id)).toEqual(won)
      expect(await store.due(time, 9)).toEqual(won?.due === null ? [] : [won])
    })
  })
}
