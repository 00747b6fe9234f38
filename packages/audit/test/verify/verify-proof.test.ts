import { expect, it } from 'vitest'
import { verifyRecordProof } from '../../src/reading.ts'
import { formatProof } from '../../src/tlog/proof.ts'
import { chain, checkpointOf, keyOf, policyOf } from './signed-log.ts'

it('verifies a record that was signed at a time which no calendar has, and says nothing of the time', () => {
  const stream = '01k9zzzzzzzzzzzzzzzzzzzzzz'
  const [line = ''] = chain('lelu', stream, [{ kind: 'genesis', ts: '2026-11-22T10:00:00.000Z' }])
  const key = keyOf(1)
  const checkpoint = checkpointOf({ log: 'lelu', key, time: 2 ** 50 }, stream, [line])
  const proof = formatProof({ index: 0, hashes: [], checkpoint, extra: Buffer.from(line) })
  const report = verifyRecordProof({ proof, trust: policyOf('lelu', key) })
  expect(report).toMatchObject({ ok: true, raw: line, seq: 0, times: [] })
})
