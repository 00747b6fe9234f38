import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { shown } from './layout.ts'
import { agent, lelu, runScript } from './processes.ts'
import { requests } from './requests.ts'
import { count, expectSuspended, type Step } from './steps.ts'
import { check, say } from './story.ts'

const altered: Step = {
  title: 'An approved input that is altered in the database is refused',
  async play(story) {
    const { layout } = story
    const id = expectSuspended(await agent(['ask', 'initech', requests.altered.text], layout))
    await lelu(['approvals', 'approve', id], layout)
    say('Somebody with access to the database makes 5 shares 5000:')
    const sql = await runScript(
      './alter-database.ts',
      [join(layout.lelu, 'approvals.db'), id],
      layout,
    )
    say(sql.trim())
    const result = await agent(['resume', 'initech'], layout)
    check('the model has its answer', result.status === 'answered', result)
    check('the ledger shows neither 5 nor 5000', count(story, 'INITECH') === 0)
  },
}

const verified: Step = {
  title: 'The log proves what happened',
  async play({ layout }) {
    const report = await lelu(['audit', 'verify'], layout)
    check('the report says what is proven, and what is not', /proven.*\bnot\b/s.test(report))
  },
}

type Flipped = { file: string; line: number }

/** Flips the lowest bit of one letter or digit in the middle of the longest file of a log. */
function flipOneByte(log: string): Flipped {
  const files = readdirSync(log, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  )
  const [file = ''] = files.sort(
    (a, b) => readFileSync(join(log, b)).length - readFileSync(join(log, a)).length,
  )
  const bytes = readFileSync(join(log, file))
  const place = Math.floor(bytes.length / 2)
  const at = bytes.findIndex(
    (byte, index) => index >= place && /[0-9a-z]/.test(String.fromCharCode(byte)),
  )
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(join(log, file), bytes)
  return { file, line: bytes.subarray(0, at).toString('latin1').split('\n').length }
}

const flipped: Step = {
  title: 'One flipped byte is found and named',
  async play({ layout }) {
    const copy = join(layout.directory, 'audit-copy')
    cpSync(join(layout.lelu, 'audit'), copy, { recursive: true })
    const { file, line } = flipOneByte(copy)
    say(`In a copy of the log, one byte of line ${line} of ${file} is changed:`)
    const report = await lelu(['audit', 'verify', shown(copy)], layout, 'fails')
    check('the report names the file and the line', report.includes(`${file}:${line}`))
  },
}

export const attackSteps: Step[] = [altered, verified, flipped]
