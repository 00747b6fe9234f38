import { proofsFolder } from '../evidence/pack-proofs.ts'
import { countPopulation, populationFile, within } from '../evidence/population.ts'
import { createSample, type Drawn } from '../evidence/sample.ts'
import { type StreamRow, streamsFile, streamsTable } from '../evidence/streams-table.ts'
import { parseRecord, splitLines } from '../read/read.ts'
import type { LogSource } from '../read/source.ts'
import { leafBytes } from '../record/line.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { parseProof } from '../tlog/proof.ts'
import { verifyInclusion } from '../tlog/verify-proofs.ts'
import type { Excerpt } from './excerpt.ts'
import type { StreamRead } from './read-stream.ts'
import { type Problem, problemAt } from './report.ts'
import { originParts, type Trust } from './trust.ts'

type Parts = {
  source: LogSource
  excerpt: Pick<Excerpt, 'pack' | 'stored'>
  read: readonly StreamRead[]
  trust: Trust
}

/** Which tables are right, and how many decisions of the sample. */
export type CheckedTables = { problems: Problem[]; counted: string[]; sampled: number }

const proofEnd = '.tlog-proof'

/**
 * Counts and draws again what the tables and the sample of a pack say of its records: nothing signs them, and whoever reads
 * them reads no records. Of records that are as they were; a table that is not there says nothing.
 */
export async function checkTables({
  source,
  excerpt: { pack, stored },
  read,
  trust,
}: Parts): Promise<CheckedTables> {
  const names = await stored.list(proofsFolder)
  const proofs = names.filter((name) => name.endsWith(proofEnd))
  const population = countPopulation(pack)
  const sample = createSample(proofs.length)
  const rows: StreamRow[] = []
  for (const { ref, walk, checkpoints } of read) {
    const { stream } = ref
    const signed = checkpoints.trusted.at(-1)?.size ?? 0
    for (const segment of (await source.segments(ref)).segments) {
      const { file } = segment
      for await (const line of splitLines(source.read(ref, segment), { stream, file })) {
        const record = parseRecord(line.bytes.toString())
        if (record === undefined) continue
        const { seq } = record
        population.visit(record, { stream, seq })
        const drawable = record.kind === 'decision' && seq < signed && within(record, pack)
        if (drawable) sample.offer({ id: String(record.id), stream, seq, line: line.bytes })
      }
    }
    const { log = '', records, from = '', to = '' } = walk
    rows.push({ log, stream, records, signed, from, to })
  }

  const problems: Problem[] = []
  const right: string[] = []
  const name = (file: string, message: string) =>
    problems.push(problemAt('edited', { stream: '', file }, message))
  const tables = [
    [populationFile, population.csv()],
    [streamsFile, streamsTable(rows)],
  ] as const
  for (const [file, counted] of tables) {
    const told = await stored.read(file)
    if (told === undefined) continue
    if (told.toString() === counted) right.push(file)
    else name(file, 'it does not say what the records of the pack say')
  }
  for (const drawn of sample.drawn) {
    const file = `${proofsFolder}/${drawn.stream}-${drawn.seq}`
    const proof = await stored.read(`${file}${proofEnd}`)
    if (proof === undefined) {
      name(
        `${file}${proofEnd}`,
        'it is gone: by the hash of its id this decision belongs to the sample',
      )
      continue
    }
    if (!proves(proof.toString(), drawn, trust))
      name(`${file}${proofEnd}`, 'it is no proof of this record')
    if ((await stored.read(`${file}.json`))?.equals(drawn.line) === false)
      name(`${file}.json`, 'it is not the record that stands in the log')
  }
  return { problems, counted: right, sampled: sample.drawn.length }
}

function proves(text: string, { stream, seq, line }: Drawn, trust: Trust): boolean {
  const proof = parseProof(text)
  const checkpoint = parseCheckpoint(proof?.checkpoint ?? '')
  if (proof?.extra === undefined || checkpoint === undefined) return false
  const { size, root, origin } = checkpoint
  return (
    proof.index === seq &&
    proof.extra.equals(line) &&
    originParts(origin).stream === stream &&
    trust.judge(checkpoint).trusted &&
    verifyInclusion({ leaf: leafBytes(line), index: seq, size, proof: proof.hashes, root })
  )
}
