// `pnpm reliability [--full] [--driver NAME] [--fault NAME] [--json]`: puts every store through the faults of the suite and
// prints what was counted. The table is that of docs/reliability.md. Ends with 1 when anything was wrong.
import { parseArgs } from 'node:util'
import {
  hasPostgres,
  hasRedis,
  runReliability,
  type StoreHarness,
  sqliteHarness,
  sqliteModule,
  storeFaults,
} from '@lelu/testing'
import { machine } from '../bench/measure.ts'
import {
  keyv5Module,
  postgresOn5,
  redisOn5,
  sqliteOn5,
  valkeyOn5,
} from '../src/stores/suite-keyv-5.ts'
import { keyvSqliteHarness, keyvSqliteModule } from '../src/stores/suite-keyv-sqlite.ts'
import { postgresHarness, postgresModule } from '../src/stores/suite-postgres.ts'
import { redisHarness, redisModule, valkeyHarness } from '../src/stores/suite-redis.ts'
import { counted, markdownTable, type StoreRun } from './table.ts'

type Driver = { harness: StoreHarness; module: string; installed: boolean }

const drivers: Record<string, Driver> = {
  sqlite: { harness: sqliteHarness, module: sqliteModule, installed: true },
  'keyv-sqlite': { harness: keyvSqliteHarness, module: keyvSqliteModule, installed: true },
  postgres: { harness: postgresHarness, module: postgresModule, installed: hasPostgres() },
  redis: { harness: redisHarness, module: redisModule, installed: hasRedis() },
  valkey: { harness: valkeyHarness, module: redisModule, installed: hasRedis() },
}

/** Played when they are named: the same databases on Keyv 5. */
const named: Record<string, Driver> = {
  'sqlite-keyv-5': { harness: sqliteOn5, module: keyv5Module, installed: true },
  'postgres-keyv-5': { harness: postgresOn5, module: keyv5Module, installed: hasPostgres() },
  'redis-keyv-5': { harness: redisOn5, module: keyv5Module, installed: hasRedis() },
  'valkey-keyv-5': { harness: valkeyOn5, module: keyv5Module, installed: hasRedis() },
}
const known: Record<string, Driver> = { ...drivers, ...named }

function readWords() {
  const usage = `Usage: reliability [--full] [--driver ${Object.keys(known).join(' | ')}] [--fault NAME] [--json]
Faults: ${storeFaults.join(', ')}
Memory is no driver here: no process shares it, and it is gone with its own. The tests play what is left for it.`
  try {
    const flag = { type: 'boolean', default: false } as const
    const some = { type: 'string', multiple: true } as const
    const { values } = parseArgs({ options: { full: flag, json: flag, driver: some, fault: some } })
    const { driver = Object.keys(drivers), fault = storeFaults, full, json } = values
    const isKnown =
      driver.every((name) => Object.hasOwn(known, name)) &&
      fault.every((name) => storeFaults.includes(name))
    if (isKnown) return { driver, fault, full, json }
  } catch {}
  console.error(usage)
  return process.exit(2)
}

const { driver: names, fault: only, full, json } = readWords()
const runs: StoreRun[] = []
for (const name of names) {
  const { harness, module, installed } = known[name] as Driver
  if (!installed) {
    console.error(`${harness.name}: its server is not installed, so it is left out.`)
    continue
  }
  console.error(`${harness.name}`)
  const cases = await runReliability(harness, module, {
    full,
    only,
    onDone: (one) => {
      const { title, ms, wrong, skipped } = one
      const end = wrong.length > 0 ? `WRONG: ${wrong.join('; ')}` : (skipped && 'not done') || 'ok'
      console.error(`  ${title}: ${end} (${(ms / 1000).toFixed(1)} s)`)
      // A full run takes an hour: what was counted by then is not lost when it is ended.
      if (skipped === undefined) console.error(`    ${counted(one)}`)
    },
  })
  runs.push({ store: harness.name, cases })
}
if (json) console.log(JSON.stringify({ machine: machine(), full, runs }, null, 2))
else console.log(`${machine()}\n\n${markdownTable(runs)}`)
const wrong = runs.flatMap(({ cases }) => cases).filter((one) => one.wrong.length > 0)
process.exit(wrong.length > 0 || runs.length < names.length ? 1 : 0)
