import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { verifyLog, verifyRecordProof } from '../../src/reading.ts'
import { leafHashOfText } from '../../src/record/line.ts'
import { temporaryFolder } from '../support.ts'
import { archiveOf, folderOf, packOf, rows, stream, sumsHold, text, trust } from './support.ts'

const before = stream({ from: '2026-08-01T10:00:00Z', tail: 'b' })
const across = stream({ from: '2026-09-30T23:55:00Z', tail: 'c', sees: [before] })
const inside = stream({ from: '2026-11-02T10:00:00Z', tail: 'd', sees: [before, across] })
const after = stream({ from: '2027-01-01T00:00:00Z', tail: 'e', sees: [inside] })
const streams = [before, across, inside, after]

describe('a pack of evidence', () => {
  it('verifies with its own policy, and says of which time it is', async () => {
    const pack = await packOf(folderOf(streams))
    const report = await verifyLog({ directory: pack.out, trust: text(pack, 'policy.txt') })
    expect(report).toMatchObject({ ok: true, exit: 0, records: 24 })
    expect(report.notProven[0]).toMatch(
      /^anything outside of 2026-10-01T00:00:00.000Z to 2027-01-01T00:00:00.000Z: .* 2 streams outside of it are not in it$/,
    )
    expect(report.proven).toContain(
      '1 stream that is left out ended before 2026-10-01T00:00:00.000Z, as its signed last record says',
    )
  })

  it('holds streams that overlap the period whole, and no others', async () => {
    const pack = await packOf(folderOf(streams))
    expect(pack).toMatchObject({ streams: 2, leftOut: 2, records: 19, decisions: 16, unsigned: 0 })
    expect(rows(text(pack, 'streams.csv'))).toMatchObject([
      { stream: across.name, records: '12', signed: '12' },
      { stream: inside.name, records: '12', signed: '12' },
    ])
    expect(pack.files.filter((name) => name.startsWith('left-out/'))).toEqual([
      `left-out/${before.name}.tlog-proof`,
    ])
  })

  it('counts what is in the period, by day and answer', async () => {
    const pack = await packOf(folderOf(streams))
    expect(rows(text(pack, 'population.csv'))).toMatchObject([
      // 23:55 began, the first record of October is the fifth.
      { day: '2026-10-01', record: 'close', count: '1' },
      { day: '2026-10-01', record: 'decision allow', count: '2', first: `${across.name}/7` },
      { day: '2026-10-01', record: 'decision deny', count: '2', first: `${across.name}/5` },
      { day: '2026-10-01', record: 'decision require_approval', count: '2' },
      { day: '2026-11-02', record: 'close', count: '1' },
      { day: '2026-11-02', record: 'decision allow', count: '4', last: `${inside.name}/10` },
      { day: '2026-11-02', record: 'decision deny', count: '3' },
      { day: '2026-11-02', record: 'decision require_approval', count: '3' },
      { day: '2026-11-02', record: 'genesis', count: '1', first: `${inside.name}/0` },
    ])
  })

  it('draws the same sample each time, from a folder and from an archive, each with a proof that holds', async () => {
    const packs = [
      await packOf(folderOf(streams), { sample: 5 }),
      await packOf(folderOf(streams), { sample: 5 }),
      await packOf(await archiveOf(streams), { sample: 5 }),
    ]
    const drawn = packs.map(({ files }) => files.filter((name) => name.startsWith('proofs/')))
    expect(drawn[0]).toHaveLength(10)
    expect(drawn[1]).toEqual(drawn[0])
    expect(drawn[2]).toEqual(drawn[0])
    for (const pack of packs) {
      for (const name of pack.files.filter((file) => file.endsWith('.tlog-proof'))) {
        const report = verifyRecordProof({ proof: text(pack, name), trust })
        expect(report).toMatchObject({ ok: true, why: expect.any(String) })
        if (name.startsWith('proofs/')) {
          expect(report.raw).toBe(text(pack, name.replace('.tlog-proof', '.json')))
        }
      }
    }
  })

  it('is checked by the real sha256sum, wherever it lies and however its folder is written', async () => {
    const parent = temporaryFolder()
    for (const name of ['a', 'b/', './c', 'd/../e']) {
      const { directory } = await packOf(folderOf(streams), { out: `${parent}/${name}` })
      expect(sumsHold(directory)).toBe(true)
      writeFileSync(join(directory, 'streams.csv'), 'x')
      expect(sumsHold(directory)).toBe(false)
    }
  })

  it('of an archive copies the announcements, and verifies as one of a folder does', async () => {
    const pack = await packOf(await archiveOf(streams))
    expect(await verifyLog({ directory: pack.out, trust })).toMatchObject({
      ...{ ok: true, records: 24 },
    })
    expect(pack.files.filter((name) => name.includes('/streams/'))).toHaveLength(2)
    const held = JSON.parse(text(pack, 'retention.json'))
    expect(held.canary.map((one: { stream: string }) => one.stream)).toEqual([
      across.name,
      inside.name,
    ])
    const left = held.objects.some((one: object) => JSON.stringify(one).includes(before.name))
    expect(left).toBe(false)
  })

  it('is never written among other files', async () => {
    const out = temporaryFolder()
    writeFileSync(join(out, 'notes'), '')
    const refused = packOf(folderOf(streams), { out })
    await expect(refused).rejects.toMatchObject({ code: 'LELU_AUDIT_OPTIONS_INVALID' })
  })

  it.each([
    ['no time', { from: 'yesterday' }],
    ['an end before the beginning', { from: '2027-01-02' }],
    ['half a decision', { sample: 0.5 }],
    ['a policy that is none', { trust: 'me', code: 'LELU_AUDIT_TRUST_INVALID' }],
  ])('is refused for %s, and nothing is written', async (_, options) => {
    const { code, ...more } = { code: undefined, ...options }
    const out = join(temporaryFolder(), 'pack')
    const refused = packOf(folderOf(streams), { out, ...more })
    await expect(refused).rejects.toMatchObject({ code: code ?? 'LELU_AUDIT_OPTIONS_INVALID' })
    expect(existsSync(out)).toBe(false)
  })

  it('holds a stream whose name is younger than its records', async () => {
    const young = stream({ from: '2026-11-05T10:00:00Z', named: '2027-02-01T00:00:00Z' })
    expect(await packOf(folderOf([young]))).toMatchObject({ streams: 1, records: 12 })
  })

  it('of a time of which there is nothing is an error, and the folder can be used for another', async () => {
    const [log, out] = [folderOf([before]), join(temporaryFolder(), 'pack')] as const
    const nothing = packOf(log, { out })
    await expect(nothing).rejects.toMatchObject({ code: 'LELU_AUDIT_NOT_FOUND' })
    expect(await packOf(log, { out, from: '2026-07-01' })).toMatchObject({ streams: 1 })
  })

  it('tells of each stream as it goes', async () => {
    const told: unknown[] = []
    await packOf(folderOf(streams), { onProgress: (done) => told.push(done) })
    expect(told).toHaveLength(4)
    expect(told.at(-1)).toEqual({ stream: after.name, streams: 4, of: 4, records: 19 })
  })

  it('names the log and its key for other tools', async () => {
    const pack = await packOf(folderOf(streams))
    const lines = text(pack, 'vkeys.txt').trimEnd().split('\n')
    expect(lines.map((line) => line.split('+')[0])).toEqual(
      [across, inside].map(({ name }) => `example.com/lelu/${name}`),
    )
    expect(text(pack, 'policy.txt')).toBe(trust)
  })
})

describe('a stream that is not signed to its end', () => {
  const alone = stream({ from: '2026-11-02T10:00:00Z', tail: 'd' })
  const live = stream({ from: '2026-11-03T10:00:00Z', closed: false, signed: 8, tail: 'f' })
  const never = stream({ from: '2026-11-04T10:00:00Z', closed: false, signed: 0, tail: 'g' })

  it('is in the pack whole, and what no checkpoint covers is counted', async () => {
    const pack = await packOf(folderOf([live]), { sample: 10 })
    expect(pack).toMatchObject({ records: 11, decisions: 10, unsigned: 3, sampled: 7 })
    const report = await verifyLog({ directory: pack.out, trust })
    expect(report).toMatchObject({ ok: true, records: 11 })
    expect(report.streams[0]).toMatchObject({ covered: 8, records: 11, state: 'open' })
    expect(report.notProven.join()).toContain(`records 8 to 10 of stream ${live.name}`)
    expect(text(pack, 'README.md')).toContain('| records that no checkpoint covers | 3 |')
  })

  it('may have no checkpoint at all', async () => {
    const pack = await packOf(folderOf([alone, never]))
    expect(pack).toMatchObject({ unsigned: 11 })
    const report = await verifyLog({ directory: pack.out, trust })
    expect(report.ok).toBe(true)
    expect(report.warnings.join()).toContain(`stream ${never.name} has no signed checkpoint`)
  })

  it('may have been closed, while its process was still signing it', async () => {
    const closing = stream({ from: '2026-11-06T10:00:00Z', signed: 8 })
    const directory = folderOf([closing])
    writeFileSync(join(directory, 'owners', `${closing.name}.json`), '{}')
    const pack = await packOf(directory)
    expect(await verifyLog({ directory: pack.out, trust })).toMatchObject({ ok: true })
    // Of a process that had ended it, the signature over its end must be there.
    const late = await packOf(folderOf([closing]))
    expect(await verifyLog({ directory: late.out, trust })).toMatchObject({ exit: 15 })
  })

  it('is not left out, although its last record is older than the period', async () => {
    const dead = stream({ from: '2026-08-02T10:00:00Z', closed: false, tail: 'h' })
    const unsigned = stream({ from: '2026-08-03T10:00:00Z', signed: 8, tail: 'j' })
    const pack = await packOf(folderOf([dead, unsigned, alone]))
    expect(pack).toMatchObject({ streams: 3, leftOut: 0, records: 12 })
  })
})

describe('a log without keys', () => {
  it('is exported too, and the pack says that nobody signed it', async () => {
    const directory = temporaryFolder()
    const { name, lines } = inside
    mkdirSync(join(directory, name))
    mkdirSync(join(directory, 'owners'))
    writeFileSync(
      join(directory, name, '0000000000000000.jsonl'),
      lines.map((line) => `${line}\n`).join(''),
    )
    const pack = await packOf(directory)
    expect(pack).toMatchObject({ roots: 0, unsigned: 12, sampled: 0 })
    expect(pack.files).not.toContain('policy.txt')
    expect(text(pack, 'README.md')).toContain('npx @lelu/cli audit verify .\n')
    expect(leafHashOfText(lines[11] as string)).toBe(
      JSON.parse(text(pack, 'pack.json')).streams[0].leaf,
    )
  })
})
