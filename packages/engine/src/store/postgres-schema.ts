import { LeluError } from '../errors.ts'
import type { Pool } from './postgres-pool.ts'

const schemaVersion = 2

/** A migration has more time than an operation: one that is given up half-way would never be done. */
const migrationMs = 600_000

/** Any number, the same in every process: the lock under which tables are made. */
const lockKey = 5_139_208_744

/** A name as SQL takes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** The names of our tables in this schema. */
export function tablesIn(schema: string): Record<'approval' | 'watermark' | 'meta', string> {
  const named = (table: string) => `${quoted(schema)}.${quoted(table)}`
  return {
    approval: named('lelu_approval'),
    watermark: named('lelu_watermark'),
    meta: named('lelu_meta'),
  }
}

/**
 * `C` collation: ids sort by their bytes, as in every other driver, whatever the language of the database. So does all else
 * that is looked up: how a language sorts changes with an update of the system, and an index in the old order does not find
 * who was stopped, or that a call has an approval already. A row from before version 2 is due since it was made: too early only means that somebody looks, too late that nobody does.
 */
function statements(schema: string): string {
  const { approval, watermark, meta } = tablesIn(schema)
  return `
    CREATE TABLE IF NOT EXISTS ${approval} (
      id TEXT COLLATE "C" PRIMARY KEY, tenant TEXT COLLATE "C" NOT NULL, state TEXT COLLATE "C" NOT NULL,
      rev INTEGER NOT NULL, idem TEXT COLLATE "C",
      created_at BIGINT NOT NULL, attempt TEXT NOT NULL, audited INTEGER NOT NULL, body TEXT NOT NULL, seal TEXT NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS lelu_approval_call ON ${approval} (tenant, idem) WHERE idem IS NOT NULL;
    CREATE INDEX IF NOT EXISTS lelu_approval_state ON ${approval} (state, id);
    CREATE INDEX IF NOT EXISTS lelu_approval_tenant ON ${approval} (tenant, id);
    CREATE INDEX IF NOT EXISTS lelu_approval_tenant_state ON ${approval} (tenant, state, id);
    CREATE TABLE IF NOT EXISTS ${watermark} (scope TEXT COLLATE "C" PRIMARY KEY, not_before BIGINT NOT NULL);
    CREATE TABLE IF NOT EXISTS ${meta} (name TEXT COLLATE "C" PRIMARY KEY, value INTEGER NOT NULL);
    INSERT INTO ${meta} VALUES ('schema', 1) ON CONFLICT DO NOTHING;

    ALTER TABLE ${approval} ADD COLUMN IF NOT EXISTS due BIGINT;
    UPDATE ${approval} SET due = created_at WHERE state IN ('pending', 'approved', 'executing')
      AND (SELECT value FROM ${meta} WHERE name = 'schema') < 2;
    CREATE INDEX IF NOT EXISTS lelu_approval_due ON ${approval} (due, id) WHERE due IS NOT NULL;
    UPDATE ${meta} SET value = 2 WHERE name = 'schema' AND value < 2;`
}

async function versionIn(pool: Pool, schema: string): Promise<number | undefined> {
  const { meta } = tablesIn(schema)
  const found = await pool.query('SELECT to_regclass($1) AS meta', [meta])
  if (found.rows[0]?.meta === null) return undefined
  const { rows } = await pool.query(`SELECT value FROM ${meta} WHERE name = 'schema'`)
  return rows[0]?.value as number | undefined
}

/** Somebody who does not ask for our lock, such as Keyv, has made the same schema at the same moment. */
const isRace = (error: unknown): boolean =>
  ['23505', '42P06'].includes(String((error as { code?: unknown }).code))

/** Makes or migrates the tables, one process at a time; refuses those of a newer version. */
export async function makeTables(pool: Pool, schema: string, tries = 5): Promise<void> {
  const version = await versionIn(pool, schema)
  if (version === schemaVersion) return
  if (version !== undefined && version > schemaVersion) {
    throw new LeluError(
      'LELU_STORE_CORRUPT',
      `The tables in the schema ${schema} were made by a newer Lelu (version ${version}, this one knows ${schemaVersion}).`,
      { help: 'Update Lelu, or give it another schema.' },
    )
  }
  const { rows } = await pool.query('SELECT to_regnamespace($1) AS found', [quoted(schema)])
  // Not `IF NOT EXISTS` alone: that asks for the right to make one even where it is there.
  const make = rows[0]?.found === null ? `CREATE SCHEMA IF NOT EXISTS ${quoted(schema)};` : ''
  // One message is one transaction, without BEGIN: the lock ends with it, and so does an error.
  const lock = `SELECT pg_advisory_xact_lock(${lockKey});`
  const text = `${lock} ${make} ${statements(schema)}`
  try {
    if (version === undefined) await pool.query(text)
    else await migrate(pool, text)
  } catch (error) {
    if (tries === 1 || !isRace(error)) throw error
  }
  // Whose tables they are now: a newer Lelu may have had the lock before.
  await makeTables(pool, schema, tries - 1)
}

function migrate(pool: Pool, text: string): Promise<unknown> {
  const slowly = `SET LOCAL statement_timeout = ${migrationMs};`
  return pool.query({ text: slowly + text, query_timeout: migrationMs })
}
