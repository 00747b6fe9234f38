import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyvPostgres } from '@keyv/postgres'
import { createLelu, type Lelu } from '@lelu/engine'
import { hasPostgres, type PostgresServer, startPostgres } from '@lelu/testing'
import { suitePolicy } from '@lelu/testing/fakes'
import { Keyv } from 'keyv'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

const missing = hasPostgres() ? '' : ' (skipped: PostgreSQL is not installed)'

describe.skipIf(!hasPostgres())(`what PostgreSQL refuses${missing}`, () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
    const admin = new KeyvPostgres({ uri: server.url, idleTimeoutMillis: 10 })
    await admin.query('CREATE USER visitor')
    await admin.query('CREATE DATABASE readonly')
    await admin.query('ALTER DATABASE readonly SET default_transaction_read_only = on')
    await admin.query(
      "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
    )
  }, 300_000)
  afterAll(() => server?.stop())

  async function engineOn(user: string, database: string): Promise<Lelu> {
    const uri = `postgresql://${user}@${new URL(server.url).host}/${database}`
    const store = new Keyv({ store: new KeyvPostgres({ uri, idleTimeoutMillis: 10 }) })
    store.on('error', () => {})
    const directory = mkdtempSync(join(tmpdir(), 'lelu-postgres-errors-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const lelu = await createLelu({ directory, store, policies: suitePolicy })
    onTestFinished(() => lelu.close())
    return lelu
  }

  const said = (help: string) => ({
    code: 'LELU_STORE_UNAVAILABLE',
    help: expect.stringContaining(help),
  })

  it.each([
    ['a user who may make no tables', 'visitor', 'postgres', 'GRANT USAGE, CREATE ON SCHEMA'],
    ['a user it does not know', 'nobody', 'postgres', 'the user'],
    ['a database that is not there', 'lelu', 'nowhere', 'Create the database'],
    ['a database that is read-only', 'lelu', 'readonly', 'read-only'],
  ])('is said of %s, with what to do', async (_what, user, database, help) => {
    await expect(engineOn(user, database)).rejects.toMatchObject(said(help))
  })

  it('is said of a character that the encoding of the database does not have', async () => {
    const lelu = await engineOn('lelu', 'latin')
    const subject = { id: 'agent-1', type: 'agent' as const }
    const call = { id: 'call-1', tool: 'reviewed', input: { text: '\u{1f600}' } }
    await expect(lelu.guard({ subject, call }, () => 1)).rejects.toMatchObject(said('UTF8'))
  })
})
