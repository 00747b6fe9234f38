import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyvPostgres } from '@keyv/postgres'
import { createLelu, type DecisionRequest, type Lelu } from '@lelu/engine'
import { hasPostgres, type PostgresServer, startPostgres } from '@lelu/testing'
import { Keyv } from 'keyv'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'

const missing = hasPostgres() ? '' : ' (skipped: PostgreSQL is not installed)'

const policies = {
  revision: 'test',
  evaluate: () => ({
    effect: 'require_approval' as const,
    reasons: [],
    obligations: [],
    requirements: [{ id: 'q', quorum: 1, reviewers: null, expiresInMs: null }],
  }),
}

const pay = (id: string, run: string, amount: number): DecisionRequest => ({
  subject: { id: 'payer-1', type: 'agent' },
  run,
  call: { id, tool: 'pay', input: { amount } },
})

const bob = { id: 'bob', issuer: 'test', method: 'test' }

/** Two texts are equal when they are, or by the attacker's word: his operator is found before that of PostgreSQL. */
const ownOperator = (equal: string) => `
  CREATE SCHEMA IF NOT EXISTS evil;
  CREATE OR REPLACE FUNCTION evil.same(a text, b text) RETURNS boolean LANGUAGE sql
    AS $$ SELECT a OPERATOR(pg_catalog.=) b OR (${equal}) $$;
  DO $$ BEGIN
    CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same);
  EXCEPTION WHEN duplicate_function THEN NULL; END $$;
  ALTER ROLE CURRENT_USER SET search_path = evil, public, pg_catalog`

describe.skipIf(!hasPostgres())(`PostgreSQL that somebody has rebuilt${missing}`, () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
  }, 300_000)
  afterAll(() => server?.stop())

  const directory = mkdtempSync(join(tmpdir(), 'lelu-rebuilt-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  async function engine(): Promise<Lelu> {
    const store = new Keyv({ store: new KeyvPostgres({ uri: server.url }) })
    store.on('error', () => {})
    const lelu = await createLelu({ directory, store, policies })
    onTestFinished(async () => {
      await lelu.close()
      await store.disconnect()
    })
    return lelu
  }

  async function sql(text: string): Promise<void> {
    const admin = new KeyvPostgres({ uri: server.url })
    await admin.query(text)
    await admin.disconnect()
  }

  it('has no grant for one call cover another, and no approval of one run another', async () => {
    const honest = await engine()
    const suspended = await honest.guard(pay('call-1', 'run-1', 5), vi.fn())
    if (suspended.status !== 'suspended') throw new Error('not suspended')
    const { id } = suspended.approval
    await honest.approvals.review(id, { verdict: 'approve', reviewer: bob })
    await honest.grants.create(id, { reviewer: bob, expiresInMs: 60_000, maxUses: 5 })

    await sql(ownOperator(`a LIKE '["standing"%' AND b LIKE '["standing"%'`))
    const deceived = await engine()
    const tool = vi.fn()
    const altered = { code: 'LELU_APPROVAL_ALTERED' }
    await expect(deceived.guard(pay('call-2', 'run-1', 5_000), tool)).rejects.toMatchObject(altered)

    await sql(ownOperator(`a LIKE '["run-1"%' AND b LIKE '["run-2"%'`))
    await expect(deceived.guard(pay('call-1', 'run-2', 5), tool)).rejects.toMatchObject(altered)
    expect(tool).not.toHaveBeenCalled()
  }, 60_000)
})
