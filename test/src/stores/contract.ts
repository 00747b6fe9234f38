import { hash } from 'node:crypto'
import type { ApprovalStore } from '@lelu/engine'
import { describe, expect, it } from 'vitest'
import { dueContract } from './contract-due.ts'
import { freshId, rowOf } from './rows.ts'

export { freshId, rowOf }

/** Of an agent whose id is as long as the gate lets through, in characters that no database compresses much. */
function longScope(): string {
  const seeds = Array.from({ length: 64 }, (_, n) => hash('sha256', `${freshId()}${n}`, 'buffer'))
  const units = Array.from(Buffer.concat(seeds))
  const id = units
    .slice(0, 1024)
    .map((unit, n) => String.fromCharCode(0x4e00 + unit * 79 + (n % 79)))
  return `stop:agent:${id.join('')}`
}

/** What every driver does, whatever its database. The stores that `open` gives may share one database. */
export function driverContract(name: string, open: () => Promise<ApprovalStore>): void {
  dueContract(name, open)
  describe(`the ${name} driver`, () => {
    it('keeps a row as it was given, whatever is in it', async () => {
      const store = await open()
      const odd = 'a\n\t"\\ \u2028 😀 __proto__ %s $1 \'; DROP TABLE lelu_approval; --'
      const row = rowOf(freshId(), { tenant: odd, idem: freshId() + odd, body: odd, seal: odd })
      expect(await store.create(row)).toEqual({ created: true, row })
      expect(await store.get(row.id)).toEqual(row)
      expect((await store.findByCall(odd, row.idem ?? '')).row).toEqual(row)
      expect(await store.get('apr_none')).toBeUndefined()
    })

    it('gives one of many concurrent swaps of a revision the win', async () => {
      const store = await open()
      const id = freshId()
      await store.create(rowOf(id))
      const swaps = await Promise.all(
        Array.from({ length: 50 }, (_, n) => store.swap(1, rowOf(id, { rev: 2, attempt: `${n}` }))),
      )
      expect(swaps.filter((swapped) => swapped === 'done')).toHaveLength(1)
      expect(swaps.filter((swapped) => swapped === 'conflict')).toHaveLength(49)
      expect((await store.get(id))?.attempt).toBe(`${swaps.indexOf('done')}`)
    })

    it('refuses a swap of a revision that is not the stored one, and of a row that is not there', async () => {
      const store = await open()
      const id = freshId()
      await store.create(rowOf(id))
      expect(await store.swap(2, rowOf(id, { rev: 3 }))).toBe('conflict')
      expect(await store.swap(1, rowOf(freshId(), { rev: 2 }))).toBe('conflict')
      expect((await store.get(id))?.rev).toBe(1)
    })

    it('creates one row for one call, whoever asks and however often', async () => {
      const store = await open()
      const idem = freshId()
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => store.create(rowOf(freshId(), { idem }))),
      )
      expect(answers.filter(({ created }) => created)).toHaveLength(1)
      expect(new Set(answers.map((answer) => answer.row.id)).size).toBe(1)
      expect((await store.findByCall('default', idem)).row?.id).toBe(answers[0]?.row.id)
      expect((await store.findByCall('other', idem)).row).toBeUndefined()
    })

    it('keeps calls of different tenants apart, whatever their names', async () => {
      const store = await open()
      const call = freshId()
      const pairs = [
        ['t', `:${call}`],
        ['t:', call],
        ['', `t::${call}`],
      ]
      for (const [tenant = '', idem = ''] of pairs) {
        expect((await store.create(rowOf(freshId(), { tenant, idem }))).created).toBe(true)
      }
    })

    it('keeps whose a row is, what it is about and when it was made, whatever a swap says', async () => {
      const store = await open()
      const [id, idem] = [freshId(), freshId()]
      const made = rowOf(id, { tenant: 'acme', idem, createdAt: 1000 })
      await store.create(made)
      const other = { tenant: 'globex', idem: freshId(), createdAt: 2000, rev: 2, body: '{"b":2}' }
      expect(await store.swap(1, rowOf(id, other))).toBe('done')
      const { tenant, createdAt, rev, body } = (await store.get(id)) ?? made
      expect({ tenant, createdAt, rev, body }).toEqual({
        ...{ tenant: 'acme', createdAt: 1000, rev: 2, body: '{"b":2}' },
      })
      expect((await store.findByCall('acme', idem)).row?.id).toBe(id)
    })

    it('lists in order of id, by state and tenant, page after page', async () => {
      const store = await open()
      const tenant = freshId()
      const made = Array.from({ length: 6 }, () => freshId())
      for (const id of [...made].reverse()) await store.create(rowOf(id, { tenant }))
      const [a, b, c, d, e, f] = made as [string, string, string, string, string, string]
      await store.swap(1, rowOf(b, { tenant, rev: 2, state: 'approved' }))
      const ids = async (query: Parameters<typeof store.list>[0]) =>
        (await store.list(query)).map(({ id }) => id)
      expect(await ids({ limit: 3, tenant })).toEqual([a, b, c])
      expect(await ids({ limit: 9, tenant, after: c })).toEqual([d, e, f])
      expect(await ids({ limit: 9, tenant, state: 'pending' })).toEqual([a, c, d, e, f])
      expect(await ids({ limit: 9, tenant, state: 'approved' })).toEqual([b])
      expect(await ids({ limit: 1, state: 'approved', after: a })).toEqual([b])
      expect(await ids({ limit: 2, after: d })).toEqual([e, f])
      expect(await ids({ limit: 9, tenant: freshId() })).toEqual([])
    })

    it('finds nothing under a text with a zero character, and goes on after one', async () => {
      const store = await open()
      const tenant = freshId()
      const [a, b] = [freshId(), freshId()]
      for (const id of [a, b]) await store.create(rowOf(id, { tenant }))
      expect(await store.get(`${a}\0`)).toBeUndefined()
      expect(await store.get('\0')).toBeUndefined()
      const idsOf = async (after: string, of = tenant) =>
        (await store.list({ tenant: of, after, limit: 9 })).map(({ id }) => id)
      expect(await idsOf('\0')).toEqual([a, b])
      expect(await idsOf(`${a}\0`)).toEqual([b])
      expect(await idsOf(`${a}\0\uffff`)).toEqual([b])
      expect(await idsOf('', `${tenant}\0`)).toEqual([])
    })

    it('moves what is known to be in the log upwards only', async () => {
      const store = await open()
      const id = freshId()
      await store.create(rowOf(id))
      for (const audited of [3, 1])
        await store.markAudited([
          { id, audited },
          { id: 'nobody', audited },
        ])
      await expect.poll(async () => (await store.get(id))?.audited).toBe(3)
    })

    it('moves watermarks forward only', async () => {
      const store = await open()
      const [scope, other] = [freshId(), freshId()]
      await store.setWatermark(scope, 10)
      await store.setWatermark(scope, 5)
      expect({ ...(await store.watermarks([scope, other, '__proto__'])) }).toEqual({ [scope]: 10 })
    })

    it('keeps marks of the longest scopes there are apart', async () => {
      const store = await open()
      const [one, other] = [longScope(), longScope()]
      await store.setWatermark(one, 10)
      await store.setWatermark(one, 5)
      expect({ ...(await store.watermarks([other, one])) }).toEqual({ [one]: 10 })
      const { marks } = await store.findByCall('default', freshId(), [one, other])
      expect({ ...marks }).toEqual({ [one]: 10 })
    })

    it('finds a call, and the marks of scopes with it, in one question', async () => {
      const store = await open()
      const [id, idem, scope, other] = [freshId(), freshId(), freshId(), freshId()]
      await store.setWatermark(scope, 10)
      const marksOf = async (call: string, scopes?: string[]) => {
        const { row, marks } = await store.findByCall('default', call, scopes)
        return { id: row?.id, marks: { ...marks } }
      }
      const scopes = [other, scope, '__proto__']
      expect(await marksOf(idem, scopes)).toEqual({ id: undefined, marks: { [scope]: 10 } })
      const row = { ...rowOf(id), idem }
      await store.create(row)
      expect(await marksOf(idem, scopes)).toEqual({ id, marks: { [scope]: 10 } })
      expect(await marksOf(idem, [other])).toEqual({ id, marks: {} })
      expect(await marksOf(idem)).toEqual({ id, marks: {} })
      // Exactly the row, whatever came with it.
      expect((await store.findByCall('default', idem, scopes)).row).toEqual(row)
    })

    it('looks at the clock of the database, where it has one, before it swaps', async () => {
      const store = await open()
      if (store.clock === undefined) return
      const id = freshId()
      await store.create(rowOf(id))
      const now = await store.clock()
      expect(Math.abs(now - Date.now())).toBeLessThan(60_000)
      const next = rowOf(id, { rev: 2 })
      expect(await store.swap(1, next, { before: now - 1 })).toBe('late')
      expect(await store.swap(1, next, { notBefore: now + 60_000 })).toBe('early')
      expect(await store.swap(7, next, { before: now - 1 })).toBe('conflict')
      expect((await store.get(id))?.rev).toBe(1)
      const window = { before: now + 60_000, notBefore: now - 1 }
      expect(await store.swap(1, next, window)).toBe('done')
    })
  })
}
