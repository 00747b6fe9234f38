import { expect, it } from 'vitest'
import { makeProof, openSource, verifyRecordProof } from '../../src/reading.ts'
import { temporaryFolder } from '../support.ts'
import {
  chain,
  checkpointOf,
  keyOf,
  policyOf,
  segmentsAt,
  writeKeyToFolder,
  writeToFolder,
} from './signed-log.ts'

const ts = '2026-11-22T10:00:00.000Z'
const signing = { log: 'lelu', key: keyOf(1) }

it('proves the decision itself, and no earlier record or decision that only names it', async () => {
  const directory = temporaryFolder()
  writeKeyToFolder(directory, signing)
  const streams: [name: string, events: Record<string, unknown>[]][] = [
    [
      '01k9zzzzzzzzzzzzzzzzzzzzza',
      [
        { kind: 'outcome', refs: { decision: 'wanted' } },
        { kind: 'outcome', id: 'wanted' },
        { kind: 'decision', id: 'other', decision: 'allow', args: { about: 'wanted' } },
      ],
    ],
    ['01k9zzzzzzzzzzzzzzzzzzzzzb', [{ kind: 'decision', id: 'wanted', decision: 'deny' }]],
  ]
  for (const [name, events] of streams) {
    const lines = chain('lelu', name, [
      { kind: 'genesis', ts },
      ...events.map((e) => ({ ts, ...e })),
    ])
    writeToFolder(directory, name, segmentsAt(lines, []), checkpointOf(signing, name, lines))
  }
  const { proof } = await makeProof({ source: await openSource(directory), id: 'wanted' })
  const report = verifyRecordProof({ proof, trust: policyOf('lelu', signing.key) })
  expect(report).toMatchObject({ ok: true, record: { kind: 'decision', decision: 'deny' } })
})
