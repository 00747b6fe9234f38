import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromKeyv, type Lelu, type Reviewer, type StoredRow, sqliteStore } from '@lelu/engine'
import { hasPostgres, hasRedis, startPostgres, startRedis } from '@lelu/testing'
import { Keyv } from 'keyv'
import { request, withEngine } from './decide.ts'
import { type Figure, percentile, round, timeAsync } from './measure.ts'

const reviewer: Reviewer = { id: 'bench-reviewer', issuer: 'bench', method: 'bench' }

type RedisAdapter = new (url: string) => unknown
type Open = { keyv: Keyv; close: () => Promise<unknown> }
type Database = { name: string; cyclesBar: string; open: () => Promise<Open> }

async function openSqlite(): Promise<Open> {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  const keyv = new Keyv({ store: sqliteStore({ path: join(folder, 'approvals.db') }) })
  const close = async () => {
    await keyv.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
  return { keyv, close }
}

// Each client is loaded when its database is opened: that of Redis makes the others' strings slow (decision 0008).

async function openPostgres(): Promise<Open> {
  const { KeyvPostgres } = await import('@keyv/postgres')
  const server = await startPostgres()
  const keyv = new Keyv({ store: new KeyvPostgres({ uri: server.url, idleTimeoutMillis: 100 }) })
  const close = async () => {
    await fromKeyv(keyv).close()
    await keyv.disconnect()
    await server.stop()
  }
  return { keyv, close }
}

async function openRedis(load: () => Promise<{ default: RedisAdapter }>): Promise<Open> {
  const { default: Adapter } = await load()
  const server = await startRedis()
  const keyv = new Keyv({ store: new Adapter(server.url) as never })
  keyv.on('error', () => {})
  return { keyv, close: () => keyv.disconnect().then(() => server.stop()) }
}

/** With their durable settings; those whose server is not installed are left out, with a word. */
function databases(): Database[] {
  const found: Database[] = [{ name: 'SQLite', cyclesBar: '>= 500', open: openSqlite }]
  if (hasPostgres()) found.push({ name: 'PostgreSQL', cyclesBar: '>= 500', open: openPostgres })
  else console.error('PostgreSQL is not installed: its figures are left out.')
  if (hasRedis()) {
    const redis = () => openRedis(() => import('@keyv/redis'))
    const valkey = () => openRedis(() => import('@keyv/valkey'))
    found.push({ name: 'Redis, AOF always', cyclesBar: '>= 2000', open: redis })
    found.push({ name: 'Valkey client, AOF always', cyclesBar: '>= 2000', open: valkey })
  } else console.error('Redis is not installed: its figures are left out.')
  return found
}

async function suspended(lelu: Lelu, n: number): Promise<string> {
  const outcome = await lelu.guard(request(n, 0.5), () => n)
  if (outcome.status !== 'suspended') throw new Error('not suspended')
  return outcome.approval.id
}

/** Milliseconds until the tool began to run: the token is redeemed by then, and nothing holds the call any more. */
async function resumed(lelu: Lelu, id: string): Promise<number> {
  const asked = performance.now()
  let ran = Number.NaN
  const outcome = await lelu.resume(id, () => {
    ran = performance.now()
    return 'done'
  })
  if (outcome.status !== 'executed') throw new Error('not executed')
  return ran - asked
}

const approve = (lelu: Lelu, id: string) =>
  lelu.approvals.review(id, { verdict: 'approve', reviewer })

/** `redeem`: the record read, a token minted and verified, decided again, claimed. `whole`: the outcome recorded, too. */
async function resumeFigure(lelu: Lelu, quick: boolean) {
  const total = quick ? 30 : 1000
  const ids: string[] = []
  for (let n = 0; n < total; n += 1) {
    const id = await suspended(lelu, n)
    await approve(lelu, id)
    ids.push(id)
  }
  const each: number[] = []
  const redeem = async (n: number) => each.push(await resumed(lelu, ids[n] as string))
  const whole = await timeAsync(redeem, { total, callers: 1 })
  const measured = each.slice(-total * 0.9).sort((a, b) => a - b)
  return { p50: percentile(measured, 0.5), p99: percentile(measured, 0.99), whole }
}

function cycleFigure(lelu: Lelu, quick: boolean) {
  const cycle = async (n: number) => {
    const id = await suspended(lelu, n)
    await approve(lelu, id)
    await resumed(lelu, id)
  }
  return timeAsync(cycle, { total: quick ? 100 : 4000, callers: 16 })
}

const rowOf = (id: string, rev: number, attempt: string): StoredRow => ({
  ...{ id, tenant: 'bench', state: 'pending', rev, idem: null, createdAt: 1, attempt },
  ...{ audited: 0, due: null, body: '{}', seal: '' },
})

/** Fifty swaps of one revision at the same moment, until all are answered: exactly one may win. */
async function contendedFigure(keyv: Keyv, quick: boolean) {
  const store = fromKeyv(keyv)
  const round = async (n: number) => {
    const id = `apr_contended-${n}`
    await store.create(rowOf(id, 1, 'first'))
    const started = performance.now()
    const swaps = await Promise.all(
      Array.from({ length: 50 }, (_, index) => store.swap(1, rowOf(id, 2, `${index}`))),
    )
    const took = performance.now() - started
    if (swaps.filter((one) => one === 'done').length !== 1) throw new Error('not one winner')
    return took
  }
  const each: number[] = []
  for (let n = 0; n < (quick ? 5 : 200); n += 1) each.push(await round(n))
  each.sort((a, b) => a - b)
  return { p50: percentile(each, 0.5), p99: percentile(each, 0.99) }
}

/** A page of fifty among so many rows that wait. */
async function pageFigure(keyv: Keyv, quick: boolean) {
  const store = fromKeyv(keyv)
  const rows = quick ? 500 : 100_000
  const ids = Array.from({ length: rows }, (_, n) => `apr_page-${String(n).padStart(6, '0')}`)
  for (let from = 0; from < rows; from += 500) {
    const some = ids.slice(from, from + 500)
    await Promise.all(some.map((id) => store.create(rowOf(id, 1, 'first'))))
  }
  const page = async (n: number) => {
    const after = ids[(n * 7919) % (rows - 50)] as string
    const found = await store.list({ tenant: 'bench', state: 'pending', limit: 50, after })
    if (found.length !== 50) throw new Error(`a page of ${found.length}`)
  }
  return { rows, ...(await timeAsync(page, { total: quick ? 30 : 1000, callers: 1 })) }
}

async function figuresOf({ name, cyclesBar, open }: Database, quick: boolean): Promise<Figure[]> {
  const { keyv, close } = await open()
  try {
    return await withEngine(
      async (lelu) => {
        const resume = await resumeFigure(lelu, quick)
        const cycles = await cycleFigure(lelu, quick)
        const contended = await contendedFigure(keyv, quick)
        const page = await pageFigure(keyv, quick)
        const figure = (
          what: string,
          unit: string,
          { p50, p99 }: { p50: number; p99: number },
          bar: string,
        ): Figure => ({
          name: `${name}: ${what}`,
          unit,
          value: round(p50),
          p50: round(p50),
          p99: round(p99),
          bar,
          peers: {},
        })
        return [
          {
            ...figure('redeem, 1 caller', 'ms', resume, '<= 1, p99 <= 10'),
            peers: { 'until the outcome is on record': round(resume.whole.p50) },
          },
          {
            ...figure('suspend, approve, resume, 16 at once', '1/s', cycles, cyclesBar),
            value: Math.round(cycles.perSecond),
          },
          figure('50 swaps of one revision at once', 'ms', contended, 'p99 <= 25'),
          figure(`a page of 50 of ${page.rows} that wait`, 'ms', page, 'p99 <= 5'),
        ]
      },
      { store: keyv },
    )
  } finally {
    await close()
  }
}

/** What an approval costs on each database. */
export async function storeFigures(quick: boolean): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const database of databases()) figures.push(...(await figuresOf(database, quick)))
  return figures
}
