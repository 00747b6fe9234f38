import type { Excerpt } from './excerpt.ts'
import type { CheckedTables } from './pack-tables.ts'
import type { AuditReport, StreamReport } from './report.ts'
import type { Trust } from './trust.ts'

type Facts = {
  ok: boolean
  streams: readonly StreamReport[]
  trust: Trust
  archived: boolean
  /** Objects whose lock was looked at; undefined when that was not asked for. */
  held: { mode: string; days: number; objects: number } | undefined
  /** When it is the evidence of a period only. */
  excerpt: Excerpt | undefined
  tables: CheckedTables | undefined
  /** Whether a checkpoint that was kept elsewhere was compared. */
  since: boolean
}

/** `1 record`, `2 records`. */
export const count = (number: number, one: string, many: string = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`

/** What a report proves, and what not, in words that say no more than was checked. */
export function statementsOf(facts: Facts): Pick<AuditReport, 'proven' | 'notProven'> {
  return { proven: facts.ok ? provenBy(facts) : [], notProven: notProvenBy(facts) }
}

function provenBy({ streams, trust, excerpt, tables, held }: Facts): string[] {
  const records = sum(streams, ({ records }) => records)
  const ended = streams.filter(({ state }) => state === 'closed' || state === 'recovered').length
  const statements = [
    `${count(records, 'record')} in ${count(streams.length, 'stream')}: none between the first and the last of a stream was altered, removed, added or moved`,
    `${count(ended, 'stream')} ${ended === 1 ? 'ends' : 'end'} where ${ended === 1 ? 'it was' : 'they were'} ended`,
    'every record that another stream noted is still there, and the same',
  ]
  const signer =
    trust.from === 'policy' ? 'the keys of the trust policy' : 'the keys beside the log'
  const covered = streams.filter(({ covered }) => covered > 0)
  if (covered.length > 0) {
    const signed = sum(covered, ({ covered }) => covered)
    statements.push(
      `${count(signed, 'record')} in ${count(covered.length, 'stream')} are those that were signed, by ${signer}`,
    )
  }
  const [newest] = streams
    .filter(({ checkpoint }) => checkpoint !== null)
    .sort((a, b) => ((a.checkpoint?.time ?? '') < (b.checkpoint?.time ?? '') ? 1 : -1))
  if (newest?.checkpoint) {
    const { size, time } = newest.checkpoint
    statements.push(
      `the newest checkpoint: stream ${newest.stream} up to record ${size - 1}${time === null ? '' : `, signed at ${time} by the signer's clock`}`,
    )
  }
  if (excerpt !== undefined && excerpt.earlier > 0) {
    const { earlier, pack } = excerpt
    statements.push(
      `${count(earlier, 'stream')} that ${earlier === 1 ? 'is' : 'are'} left out ended before ${pack.from}, as ${earlier === 1 ? 'its' : 'their'} signed last ${earlier === 1 ? 'record says' : 'records say'}`,
    )
  }
  for (const file of tables?.counted ?? []) statements.push(`${file} says what the records say`)
  if (tables !== undefined && tables.sampled > 0) {
    const { sampled } = tables
    statements.push(
      `the sample: of all signed decisions of the period ${sampled === 1 ? 'the one whose id has' : `the ${sampled} whose ids have`} the smallest SHA-256, each with a proof that holds`,
    )
  }
  if (held !== undefined) {
    statements.push(
      `${count(held.objects, 'object')} of the archive ${held.objects === 1 ? 'is' : 'are'} held in mode ${held.mode} or stricter for ${count(held.days, 'day')} from when they were stored, as the store says`,
    )
  }
  return statements
}

function notProvenBy({ streams, trust, archived, excerpt, held, since }: Facts): string[] {
  const statements: string[] = []
  if (excerpt !== undefined) {
    const { from, to, taken, later } = excerpt.pack
    const others = excerpt.earlier + later
    statements.push(
      `anything outside of ${from} to ${to}: this is the evidence of that time, taken at ${taken}${others === 0 ? '' : `, and ${count(others, 'stream')} outside of it ${others === 1 ? 'is' : 'are'} not in it`}`,
    )
  }
  if (excerpt !== undefined) {
    statements.push(
      'what README.md, retention.json and vkeys.txt of the pack say: nobody signs them',
    )
  }
  if (trust.from === 'own') {
    statements.push(
      'who signed: the keys lie beside the log, so whoever can write there can make others and sign all of it anew; pass a trust policy that you got elsewhere',
    )
  }
  const uncovered = streams.filter(({ covered, records }) => covered < records)
  const unsigned = uncovered.filter(({ covered }) => covered === 0)
  const tails = uncovered.filter(({ covered }) => covered > 0)
  if (unsigned.length > 0) {
    statements.push(
      `that the newest records of ${count(unsigned.length, 'stream')} are all there, and that its last record was not rewritten together with its sum: no checkpoint is signed over them, so whoever can write there can cut off, or rewrite with all its sums, what nothing else has noted${named(unsigned)}`,
    )
  }
  for (const { stream, covered, records } of tails.slice(0, 10)) {
    statements.push(
      `records ${covered} to ${records - 1} of stream ${stream}: they stand behind the newest checkpoint, and are only chained`,
    )
  }
  if (tails.length > 10) statements.push(`the same of ${tails.length - 10} further streams`)
  if (streams.length > 0 && !since) {
    statements.push(
      'that there is nothing newer: whoever replaces everything by an older state of it shows only what was signed then; a checkpoint that was kept elsewhere finds that',
    )
  }
  if (held === undefined) {
    const whole = archived ? 'removed together with its announcement' : 'removed whole'
    statements.push(`that a stream which no other stream has noted was not ${whole}`)
  }
  statements.push('that what was recorded is what happened: the log says what the engine saw')
  return statements
}

const named = (streams: readonly StreamReport[]) =>
  ` (${streams
    .slice(0, 3)
    .map(({ stream }) => stream)
    .join(', ')}${streams.length > 3 ? ', …' : ''})`

const sum = (streams: readonly StreamReport[], of: (stream: StreamReport) => number): number =>
  streams.reduce((total, stream) => total + of(stream), 0)
