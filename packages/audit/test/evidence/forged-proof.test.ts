import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { proofsIn } from '../../src/evidence/tree-levels.ts'
import { verifyLog } from '../../src/reading.ts'
import { leafBytes } from '../../src/record/line.ts'
import { createLeaves } from '../../src/tlog/leaves.ts'
import { formatProof } from '../../src/tlog/proof.ts'
import { forge } from '../verify/forging.ts'
import { chain, checkpointOf, keyOf } from '../verify/signed-log.ts'
import {
  folderOf,
  log,
  packOf,
  signing,
  stream,
  streamAt,
  type Told,
  text,
  trust,
} from './support.ts'

const before = stream({ from: '2026-08-01T10:00:00Z', tail: 'b' })
const older = stream({ from: '2026-10-02T10:00:00Z', tail: 'c', sees: [before] })

type Recipe = { index?: number; extra?: string; key?: ReturnType<typeof keyOf> }

/** The proof that lies in a pack for a stream that it leaves out, with what a forger would change. */
function proofOf({ name, lines }: Pick<Told, 'name' | 'lines'>, recipe: Recipe = {}): string {
  const { index = lines.length - 1, extra = lines[index] as string, key = signing.key } = recipe
  const leaves = createLeaves()
  for (const line of lines) leaves.add(leafBytes(Buffer.from(line)))
  const checkpoint = checkpointOf({ log, key }, name, lines)
  const hashes = proofsIn(leaves.bytes(), lines.length)(index)
  return formatProof({ index, hashes, checkpoint, extra: Buffer.from(extra) })
}

async function verifyWith(name: string, proof: string, seen: Told = before) {
  const last = stream({ from: '2026-10-02T10:00:00Z', tail: 'c', sees: [seen] })
  const pack = await packOf(folderOf([seen, last]))
  writeFileSync(join(pack.out, 'left-out', `${name}.tlog-proof`), proof)
  return verifyLog({ directory: pack.out, trust })
}

const ends = { kind: 'close', ts: '2026-08-01T10:20:00.000Z' }
const call = { kind: 'decision', ts: '2026-08-01T10:10:00.000Z', decision: 'allow' }
const genesis = { kind: 'genesis', ts: '2026-08-01T10:00:00.000Z' }
const { name } = before
const lastOf = ({ lines }: Told) => lines.at(-1) as string

it('the proof that a pack leaves a stream out by is the same here as in a pack', async () => {
  const pack = await packOf(folderOf([before, older]))
  expect(text(pack, `left-out/${name}.tlog-proof`)).toBe(proofOf(before))
})

it('a stream is not left out by the word of somebody else', async () => {
  const report = await verifyWith(name, proofOf(before, { key: keyOf(9) }))
  expect(report).toMatchObject({ exit: 14, problems: [{ code: 'bad_signature' }, {}] })
})

it('a stream is not left out by a record that is not in it', async () => {
  const extra = forge(lastOf(before), { ts: '2026-07-01T00:00:00.000Z' })
  const report = await verifyWith(name, proofOf(before, { extra }))
  expect(report).toMatchObject({ exit: 13, problems: [{ code: 'bad_root' }, {}] })
})

it('a stream is not left out by a close that records follow, or by a last record that is no close', async () => {
  for (const [events, index] of [
    [[genesis, call, ends, { ...call, ts: ends.ts }], 2],
    [[genesis, call, call], 2],
  ] as const) {
    const lines = chain(log, name, events)
    const seen = { name, lines, signed: lines.length }
    const pack = await packOf(folderOf([before, older]))
    writeFileSync(join(pack.out, 'left-out', `${name}.tlog-proof`), proofOf(seen, { index }))
    const { problems } = await verifyLog({ directory: pack.out, trust })
    expect(problems[0]).toMatchObject({ exit: 13, code: 'bad_root' })
  }
})

it('a stream is not left out by the end of another one', async () => {
  const other = stream({ from: '2026-08-02T10:00:00Z', tail: 'd' })
  const pack = await packOf(folderOf([before, other, older]))
  writeFileSync(join(pack.out, 'left-out', `${name}.tlog-proof`), proofOf(other))
  const report = await verifyLog({ directory: pack.out, trust })
  expect(report.problems[0]).toMatchObject({ exit: 13, code: 'bad_root' })
})

it('a proof that is signed as one stream and tells of another leaves neither out', async () => {
  const elsewhere = streamAt('2026-08-03T10:00:00Z', 'e')
  const lines = chain(log, elsewhere, [genesis, call, ends])
  const { problems } = await verifyWith(name, proofOf({ name, lines }))
  expect(problems[0]).toMatchObject({ exit: 13, code: 'bad_root' })
})
