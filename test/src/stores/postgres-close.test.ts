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

describe.skipIf(!hasPostgres())(`engines on one Keyv over PostgreSQL${missing}`, () => {
  let server: PostgresServer
  let admin: KeyvPostgres
  beforeAll(async () => {
    server = await startPostgres()
    // Adapters of one address share their connections, and those end with each test.
    admin = new KeyvPostgres({ uri: `${server.url}?application_name=admin`, idleTimeoutMillis: 10 })
    admin.on('error', () => {})
  }, 300_000)
  afterAll(() => server?.stop())

  function openKeyv(): Keyv {
    const keyv = new Keyv({ store: new KeyvPostgres({ uri: server.url }) })
    keyv.on('error', () => {})
    // Before the server ends: nothing listens to the errors of Keyv's own connections when they are idle.
    onTestFinished(() => keyv.disconnect())
    return keyv
  }

  async function engineOn(store: Keyv): Promise<Lelu> {
    const directory = mkdtempSync(join(tmpdir(), 'lelu-close-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const lelu = await createLelu({ directory, store, policies: suitePolicy })
    onTestFinished(() => lelu.close())
    return lelu
  }

  async function connections(): Promise<number> {
    const sql = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'lelu'`
    return (await admin.query(sql))[0]?.n as number
  }

  const ask = (lelu: Lelu, run: string, id: string) => {
    const subject = { id: 'agent-1', type: 'agent' as const }
    return lelu.guard({ subject, call: { id, tool: 'reviewed', input: {} }, run }, () => 'ran')
  }

  it('go on with their calls while one of them closes, twice even', async () => {
    const keyv = openKeyv()
    const [first, second] = [await engineOn(keyv), await engineOn(keyv)]
    const asked = Array.from({ length: 40 }, (_, n) => ask(second, 'shared', `call-${n}`))
    await Promise.race(asked)
    await first.close()
    await first.close()
    const outcomes = await Promise.all([...asked, ask(second, 'shared', 'after')])
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['suspended']))
  })

  it('leave no connection behind when the last one closes, whoever still asks it', async () => {
    const keyv = openKeyv()
    const engines = [await engineOn(keyv), await engineOn(keyv)]
    expect(await connections()).toBeGreaterThan(0)
    for (const lelu of engines) await lelu.close()
    for (const lelu of engines) {
      const closed = { code: 'LELU_ENGINE_CLOSED' }
      await expect(lelu.approvals.list()).rejects.toMatchObject(closed)
      await expect(lelu.killSwitch.isStopped({ all: true })).rejects.toMatchObject(closed)
    }
    await expect.poll(connections).toBe(0)
  })

  it('begin anew after the last one closed, also while it closes', async () => {
    const keyv = openKeyv()
    const first = await engineOn(keyv)
    const [second] = await Promise.all([engineOn(keyv), first.close()])
    expect(await ask(second, 'anew', 'a')).toMatchObject({ status: 'suspended' })
    await second.close()
    const third = await engineOn(keyv)
    expect(await ask(third, 'anew', 'b')).toMatchObject({ status: 'suspended' })
  })
})
