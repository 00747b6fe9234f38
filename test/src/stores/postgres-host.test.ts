import { createRequire } from 'node:module'
import { KeyvPostgres } from '@keyv/postgres'
import { fromKeyv } from '@lelu/engine'
import { hasPostgres, type PostgresServer, startPostgres } from '@lelu/testing'
import { Keyv } from 'keyv'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { freshId, rowOf } from './contract.ts'

const missing = hasPostgres() ? '' : ' (skipped: PostgreSQL is not installed)'

/** The `pg` that the driver loads. */
const pg = createRequire(import.meta.resolve('@lelu/engine'))('pg') as {
  types: {
    getTypeParser(oid: number): (text: string) => unknown
    setTypeParser(oid: number, parser: (text: string) => unknown): void
  }
  defaults: { binary: boolean }
}

const asText = (text: string) => text
const types = { getTypeParser: () => asText }

/** Has a type read in another way in the whole process, until the test ends. */
function readAsText(...oids: number[]): void {
  for (const oid of oids) {
    const before = pg.types.getTypeParser(oid)
    pg.types.setTypeParser(oid, asText)
    onTestFinished(() => pg.types.setTypeParser(oid, before))
  }
}

describe.skipIf(!hasPostgres())(`PostgreSQL in a host with settings of its own${missing}`, () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
  }, 300_000)
  afterAll(() => server?.stop())

  function storeWith(options: object) {
    const adapter = new KeyvPostgres({ uri: server.url, idleTimeoutMillis: 10, ...options })
    const keyv = new Keyv({ store: adapter })
    keyv.on('error', () => {})
    const store = fromKeyv(keyv)
    onTestFinished(() => store.close())
    return store
  }

  it.each<[string, object, () => unknown]>([
    ['leaves JSON and numbers as texts', {}, () => readAsText(20, 23, 114, 701)],
    ['gives the pool parsers of its own', { types }, () => {}],
    ['asks for binary answers', { binary: true }, () => {}],
    [
      'asks for binary answers by default',
      {},
      () => {
        pg.defaults.binary = true
        onTestFinished(() => {
          pg.defaults.binary = false
        })
      },
    ],
  ])('sees every stop and every row as they are, though it %s', async (_what, options, set) => {
    set()
    const store = storeWith(options)
    const [id, idem, scope] = [freshId(), freshId(), freshId()]
    const row = rowOf(id, { idem, due: 7 })
    await store.create(row)
    await store.setWatermark(scope, 10)
    expect({ ...(await store.watermarks([scope])) }).toEqual({ [scope]: 10 })
    const found = await store.findByCall('default', idem, [scope])
    expect({ row: found.row, marks: { ...found.marks } }).toEqual({ row, marks: { [scope]: 10 } })
    expect(await store.swap(1, { ...row, rev: 2 }, { before: 1 })).toBe('late')
  })

  it.each(['serializable', 'repeatable%20read'])(
    'gives writes that meet one winner, and the others no error, though %s is the default',
    async (isolation) => {
      const uri = `${server.url}?options=-c%20default_transaction_isolation%3D${isolation.replace('%20', '%5C%20')}`
      const store = storeWith({ uri })
      const [id, idem, scope] = [freshId(), freshId(), freshId()]
      await store.create(rowOf(id))
      const many = Array.from({ length: 30 }, (_, n) => n)
      const swaps = many.map((n) => store.swap(1, rowOf(id, { rev: 2, attempt: `${n}` })))
      const creates = many.map(() => store.create(rowOf(freshId(), { idem })))
      const marks = many.map((n) => store.setWatermark(scope, n))
      expect((await Promise.all(swaps)).filter((swapped) => swapped === 'done')).toHaveLength(1)
      expect((await Promise.all(creates)).filter(({ created }) => created)).toHaveLength(1)
      await Promise.all(marks)
      expect({ ...(await store.watermarks([scope])) }).toEqual({ [scope]: 29 })
    },
  )
})
