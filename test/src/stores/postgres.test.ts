import { KeyvPostgres } from '@keyv/postgres'
import { KeyvPostgres as KeyvPostgres6 } from '@keyv/postgres-6'
import { type ApprovalStore, fromKeyv } from '@lelu/engine'
import { hasPostgres, type PostgresServer, startPostgres } from '@lelu/testing'
import { Keyv } from 'keyv'
import { Keyv as Keyv5 } from 'keyv-5'
import { afterAll, beforeAll, describe } from 'vitest'
import { driverContract } from './contract.ts'

const missing = hasPostgres() ? '' : ' (skipped: PostgreSQL is not installed)'

/** Keyv's own pool holds no idle connection: its errors have no listener. */
const idle = { idleTimeoutMillis: 10 }
/** A busy machine is no server that is away. */
const patient = { deadlineMs: 20_000 }

describe.skipIf(!hasPostgres())(`PostgreSQL${missing}`, () => {
  let server: PostgresServer
  const stores: ApprovalStore[] = []
  const opened = async (store: ApprovalStore) => {
    stores.push(store)
    await store.open()
    return store
  }
  beforeAll(async () => {
    server = await startPostgres()
  }, 300_000)
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()))
    await server?.stop()
  })

  driverContract('@keyv/postgres 2 on Keyv 6', async () =>
    opened(fromKeyv(new Keyv({ store: new KeyvPostgres({ uri: server.url, ...idle }) }), patient)),
  )
  driverContract('@keyv/postgres 2 on Keyv 5', async () =>
    opened(fromKeyv(new Keyv5({ store: new KeyvPostgres({ uri: server.url, ...idle }) }), patient)),
  )
  driverContract('@keyv/postgres 6', async () =>
    opened(
      fromKeyv(
        new Keyv({ store: new KeyvPostgres6({ uri: server.url, ...idle }) as never }),
        patient,
      ),
    ),
  )
})
