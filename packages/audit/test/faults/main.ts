// `pnpm audit-reliability [--full] [--power-cuts N] [--kills N]`: puts a log through the faults that need many rounds,
// and prints what was counted. The table is that of docs/audit-failures.md. Ends with 1 when anything was wrong.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runKills } from './kill-run.ts'
import { runBlackHole, runOutage } from './outage-run.ts'
import { runPowerCut } from './power-cut-run.ts'

type Row = { failure: string; behaviour: string; counted: string; wrong: string[] }

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    'power-cuts': { type: 'string' },
    kills: { type: 'string' },
  },
})
const cuts = Number(values['power-cuts'] ?? (values.full ? 1000 : 40))
const kills = Number(values.kills ?? (values.full ? 200 : 6))
// What is cut is played: a folder in memory spares the disk. Kills and outages run on the real one.
const memory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'lelu-cut-'))
const disk = mkdtempSync(join(tmpdir(), 'lelu-reliability-'))

async function powerCuts(): Promise<Row> {
  const wrong: string[] = []
  let [acknowledged, total] = [0, 0]
  for (let seed = 1; seed <= cuts; seed += 1) {
    const run = await runPowerCut(seed, join(memory, String(seed)))
    acknowledged += run.acknowledged
    total += run.cuts
    wrong.push(...run.wrong.map((what) => `seed ${seed}: ${what}`))
    if (seed % 50 === 0) console.error(`  ${seed} of ${cuts} seeds`)
  }
  return {
    failure: 'power cut at any moment (unsynced bytes and names dropped at random)',
    behaviour: 'the next process ends, signs and archives what is left',
    counted: `${cuts} seeds, ${total} cuts, ${acknowledged} acknowledged records, ${lost(wrong)}`,
    wrong,
  }
}

async function killed(): Promise<Row> {
  const { acknowledged, records, wrong } = await runKills(1, kills, join(disk, 'kills'))
  return {
    failure: 'SIGKILL at any moment, three writers at a time on one log with one archive',
    behaviour: 'the next process ends, signs and archives what is left',
    counted: `${kills} kills, ${acknowledged} acknowledged of ${records} records, ${lost(wrong)}`,
    wrong,
  }
}

const lost = (wrong: readonly string[]) => (wrong.length === 0 ? '0 lost' : `${wrong.length} WRONG`)

const parts: (() => Promise<Row>)[] = [
  powerCuts,
  killed,
  () => runOutage(values.full ? 60 : 5, join(disk, 'outage')),
  () => runBlackHole(values.full ? 20_000 : 2000, join(disk, 'black-hole')),
]
const rows: Row[] = []
for (const part of parts) {
  const row = await part()
  console.error(`${row.failure}: ${row.counted}`)
  for (const what of row.wrong) console.error(`  WRONG: ${what}`)
  rows.push(row)
}
for (const folder of [memory, disk]) rmSync(folder, { recursive: true, force: true })
console.log(`Node ${process.version}, ${cpus()[0]?.model}, ${availableParallelism()} cores\n`)
console.log('| failure | behaviour | counted |\n| --- | --- | --- |')
for (const { failure, behaviour, counted } of rows)
  console.log(`| ${failure} | ${behaviour} | ${counted} |`)
process.exit(rows.some(({ wrong }) => wrong.length > 0) ? 1 : 0)
