import { expect, it } from 'vitest'
import { verifyRecordProof } from '../../src/reading.ts'
import { formatProof } from '../../src/tlog/proof.ts'
import { chain, checkpointOf, keyOf, policyOf } from './signed-log.ts'

const stream = '01k9zzzzzzzzzzzzzzzzzzzzzz'
const genesis = { kind: 'genesis', ts: '2026-11-22T10:00:00.000Z' }
const [line = ''] = chain('lelu', stream, [genesis])
const key = keyOf(1)
const trust = policyOf('lelu', key)

/** A proof by the log's own key over one line, whatever that says of itself. */
function proofOf(extra: string | undefined, signer = key, over = line): string {
  const checkpoint = checkpointOf({ log: 'lelu', key: signer }, stream, [over])
  return formatProof({
    ...{ index: 0, hashes: [], checkpoint },
    ...(extra !== undefined && { extra: Buffer.from(extra) }),
  })
}

it('verifies a record that was signed at a time which no calendar has, and says nothing of the time', () => {
  const checkpoint = checkpointOf({ log: 'lelu', key, time: 2 ** 50 }, stream, [line])
  const proof = formatProof({ index: 0, hashes: [], checkpoint, extra: Buffer.from(line) })
  const report = verifyRecordProof({ proof, trust })
  expect(report).toMatchObject({ ok: true, raw: line, seq: 0, times: [] })
})

it('verifies no record that says that it belongs to another log, stream or place', () => {
  for (const [other = ''] of [
    chain('other', stream, [genesis]),
    chain('lelu', '01k9zzzzzzzzzzzzzzzzzzzzzy', [genesis]),
    chain('lelu', stream, [genesis], { start: 1 }),
  ]) {
    const report = verifyRecordProof({ proof: proofOf(other, key, other), trust })
    expect(report).toMatchObject({ ok: false, exit: 12, record: null })
  }
})

it('verifies nothing without a record, and takes none that was not proven', () => {
  for (const proof of [proofOf(undefined), proofOf(''), proofOf('{}')])
    expect(verifyRecordProof({ proof, trust })).toMatchObject({ ok: false, exit: 12 })
  const bare = proofOf(undefined)
  expect(verifyRecordProof({ proof: bare, trust, raw: line })).toMatchObject({ ok: true, seq: 0 })
  const raw = line.replace('genesis', 'decision')
  expect(verifyRecordProof({ proof: bare, trust, raw }).ok).toBe(false)
})

it('verifies no record that somebody else signed', () => {
  const report = verifyRecordProof({ proof: proofOf(line, keyOf(9)), trust })
  expect(report).toMatchObject({ ok: false, exit: 14 })
})
