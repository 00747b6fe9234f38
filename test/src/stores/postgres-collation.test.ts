import { KeyvPostgres } from '@keyv/postgres'
import { fromKeyv } from '@lelu/engine'
import { hasPostgres, type PostgresServer, startPostgres } from '@lelu/testing'
import { Keyv } from 'keyv'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { freshId, rowOf } from './contract.ts'

const missing = hasPostgres() ? '' : ' (skipped: PostgreSQL is not installed)'

describe.skipIf(!hasPostgres())(
  `a PostgreSQL whose language sorts otherwise by now${missing}`,
  () => {
    let server: PostgresServer
    beforeAll(async () => {
      server = await startPostgres()
    }, 300_000)
    afterAll(() => server?.stop())

    const uriOf = (database: string) => server.url.replace(/postgres$/, database)

    function adapterOn(database: string): KeyvPostgres {
      const adapter = new KeyvPostgres({ uri: uriOf(database), idleTimeoutMillis: 10 })
      adapter.on('error', () => {})
      return adapter
    }

    function openStore() {
      const keyv = new Keyv({ store: adapterOn('app') })
      keyv.on('error', () => {})
      const store = fromKeyv(keyv)
      onTestFinished(() => store.close())
      return store
    }

    // As after an update of the system, which brings another libc or ICU: an index in the old order does not find what is there.
    it('finds every stop, revocation and call from before', async () => {
      const admin = adapterOn('postgres')
      await admin.query(
        "CREATE DATABASE app TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en'",
      )
      const names = Array.from('abcxyz', (a) => Array.from('abcxyz', (b) => `${a}${b}`)).flat()
      const before = openStore()
      for (const name of names) {
        await before.setWatermark(name, 10)
        await before.create(rowOf(freshId(), { tenant: name, idem: name }))
      }
      await before.close()

      const [column] = (await admin.query(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'pg_database'::regclass AND attname IN ('daticulocale', 'datlocale')",
      )) as [{ attname: string }]
      await admin.query(`UPDATE pg_database SET ${column.attname} = 'da' WHERE datname = 'app'`)

      const after = openStore()
      for (const name of names) {
        expect({ ...(await after.watermarks([name])) }).toEqual({ [name]: 10 })
        expect((await after.findByCall(name, name)).row).toMatchObject({ tenant: name })
        expect(await after.list({ tenant: name, limit: 9 })).toMatchObject([{ tenant: name }])
      }
    })
  },
)
