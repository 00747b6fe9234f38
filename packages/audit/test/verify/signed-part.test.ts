import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAuditLog } from '../../src/index.ts'
import { folderSource, type LogSource, verifyLog } from '../../src/reading.ts'
import { decision, temporaryFolder } from '../support.ts'
import {
  chain,
  checkpointOf,
  keyOf,
  policyOf,
  rootOf,
  segmentsAt,
  writeKeyToFolder,
  writeToFolder,
} from './signed-log.ts'

const log = 'lelu'
const signing = { log, key: keyOf(1) }
const trust = policyOf(log, signing.key)
const [a, b] = ['01kar6w0f3000000000000000a', '01kar6w0f3000000000000000b'] as const
const at = (seconds: number) => new Date(1_767_225_600_000 + seconds * 1000).toISOString()
const genesis = { kind: 'genesis', durability: 'fsync', peers: [], ts: at(0) }

/** Records of every manner that the quick look has to take for what they are, or leave to the parser. */
const manners: Record<string, unknown>[] = [
  { kind: 'decision', decision: 'allow', id: 'ran' },
  { kind: 'outcome', refs: { decision: 'ran' }, result: { status: 'completed' } },
  { kind: 'decision', decision: 'allow', id: 'lost' },
  { kind: 'decision', decision: 'allow', id: 'quote " and – dash' },
  { kind: 'outcome', refs: { decision: 'quote " and – dash' }, result: {} },
  { kind: 'decision', decision: 'allow', id: 'dash – alone' },
  { kind: 'outcome', refs: { decision: 'back \\ slash' }, result: {} },
  { kind: 'decision', decision: 'allow', id: 'again', refs: { approval: 'x' } },
  { kind: 'decision', decision: 'deny', id: 'no', input: { kind: 'outcome', decision: 'allow' } },
  { kind: 'decision', decision: 'require_approval', id: 'ask', args: { refs: { decision: 'no' } } },
  { kind: 'decision', decision: 'allow', id: 'nested', args: { decision: 'allow', id: 'other' } },
  { kind: 'outcome', args: { refs: { decision: 'lost' }, result: {} }, result: {} },
  {
    kind: 'outcome',
    refs: { decision: 'nested' },
    result: {},
    tool: { refs: { decision: 'lost' } },
  },
  { kind: 'token.redeemed', refs: { approval: 'x', attempt: '1' } },
  { kind: 'outcome', refs: { approval: 'x', attempt: '2' }, result: {} },
  { kind: 'decision', decision: 'allow', id: 'a"kind":"close', note: '","kind":"close"' },
  { kind: 'approval.decided', vote: 'approve', input: { prev: 'x', seq: 99, ts: 'x' } },
  { kind: 'heartbeat' },
  { kind: 'something.new', ts: at(500) },
  { kind: 'heartbeat', ts: at(501) },
]

function write(directory: string, events: readonly Record<string, unknown>[], starts: number[]) {
  const timed = events.map((event, n) => ({ ts: at(n), ...event }))
  const lines = chain(log, a, [genesis, ...timed, { kind: 'close', reason: 'closed', ts: at(600) }])
  writeToFolder(directory, a, segmentsAt(lines, starts), checkpointOf(signing, a, lines))
  writeKeyToFolder(directory, signing)
  return lines
}

/** Without its checkpoints: then each line is read with care. */
function withoutCheckpoints(source: LogSource): LogSource {
  return { ...source, async *checkpoints() {} }
}

describe('the part of a stream that is signed', () => {
  it('reads as the same records in haste as with care', async () => {
    const directory = temporaryFolder()
    write(directory, [...manners, ...manners, ...manners], [7, 8, 30])
    const source = folderSource(directory)
    const [haste, care] = [
      await verifyLog({ source }),
      await verifyLog({ source: withoutCheckpoints(source) }),
    ]
    expect(haste.streams[0]?.covered).toBe(62)
    expect(care.streams[0]?.covered).toBe(0)
    for (const member of ['ok', 'records', 'problems', 'kinds', 'unfinished'] as const) {
      expect(haste[member], member).toEqual(care[member])
    }
    const bare = ({ streams: [one] }: typeof haste) => ({ ...one, covered: 0, checkpoint: null })
    expect(bare(haste)).toEqual(bare(care))
    expect(haste.warnings.filter((text) => !text.includes('checkpoint'))).toEqual(
      care.warnings.filter((text) => !text.includes('checkpoint')),
    )
    expect(haste.warnings.join()).toContain('no heartbeat')
  })

  it('is read once, also where lines lie across the pieces that a file is read in', async () => {
    const directory = temporaryFolder()
    const long = manners.flatMap((event, n) => [event, { note: 'é'.repeat(4000 + n), kind: 'x' }])
    const lines = write(directory, [...long, ...long, ...long, ...long], [100])
    const source = folderSource(directory)
    const careful: unknown[] = []
    const piece = 70_001 // more than is looked into at once
    const watched: LogSource = {
      ...source,
      async *read(ref, segment, { into, ...options } = {}) {
        const behind = (options.offset ?? 0) > 0
        if (!into && !options.alone && !behind) careful.push(options)
        // What lies in memory that is used again is lost with the next piece.
        const [memory] = into ?? []
        for await (const chunk of source.read(ref, segment, options)) {
          for (let start = 0; start < chunk.length; start += piece) {
            const one = Buffer.from(chunk.subarray(start, start + piece))
            yield memory === undefined ? one : memory.subarray(0, one.copy(memory))
          }
        }
      },
    }
    const report = await verifyLog({ source: watched, trust })
    expect(careful).toEqual([])
    expect(report).toMatchObject({ ok: true, records: lines.length })
    expect(report.streams[0]).toMatchObject({ covered: lines.length })
    const bare = await verifyLog({ source: withoutCheckpoints(source) })
    expect([report.kinds, report.unfinished]).toEqual([bare.kinds, bare.unfinished])
  })

  it('is left, and read with care, where lines do not fit', async () => {
    const directory = temporaryFolder()
    const lines = write(directory, manners, [5])
    const [first, second] = segmentsAt(lines, [5])
    writeToFolder(directory, a, [first, { ...second, lines: second?.lines.toReversed() }] as never)
    const { problems } = await verifyLog({ directory, trust })
    expect(problems[0]).toMatchObject({ exit: 12, stream: a })
  })

  it('is left where a line is longer than a record, or bytes are no UTF-8', async () => {
    for (const bytes of [Buffer.alloc(70_000, 'x'), Buffer.from([0xff, 0xfe])]) {
      const directory = temporaryFolder()
      const lines = write(directory, manners, [])
      const middle = Buffer.concat([bytes, Buffer.from('\n')])
      const text = (part: string[]) => Buffer.from(part.map((line) => `${line}\n`).join(''))
      const all = Buffer.concat([text(lines.slice(0, 4)), middle, text(lines.slice(4))])
      writeFileSync(join(directory, a, '0000000000000000.jsonl'), all)
      expect((await verifyLog({ directory, trust })).problems[0]).toMatchObject({
        ...{ code: 'bad_line', line: 5 },
      })
    }
  })

  it('ends at the checkpoint: what stands behind it is read with care, and said to be only chained', async () => {
    const directory = temporaryFolder()
    const log = await openAuditLog({ directory })
    for (let n = 0; n < 5; n += 1) await log.append(decision(`d${n}`))
    const stream = log.stream
    const before = await verifyLog({ directory })
    expect(before).toMatchObject({ ok: true, streams: [{ stream, records: 6 }] })
    await log.close()
    expect((await verifyLog({ directory })).streams[0]).toMatchObject({ covered: 7, records: 7 })
  })
})

describe('what a stream noted long ago of another', () => {
  const seen = (size: number, root: string) => ({
    kind: 'peers',
    peers: [{ stream: a, size, root }],
  })

  /** b notes a in its first segment, and has further ones without a word of it. */
  function noted(size: number, root: string): string {
    const directory = temporaryFolder()
    mkdirSync(directory, { recursive: true })
    write(directory, manners, [6])
    const events = [
      genesis,
      seen(size, root),
      ...manners.slice(0, 6),
      { kind: 'close', reason: 'closed' },
    ]
    const lines = chain(
      log,
      b,
      events.map((event, n) => ({ ts: at(n), ...event })),
    )
    writeToFolder(directory, b, segmentsAt(lines, [3, 6]), checkpointOf(signing, b, lines))
    return directory
  }

  it('is compared too', async () => {
    const lines = chain(log, a, [genesis, ...manners.map((event, n) => ({ ts: at(n), ...event }))])
    const good = noted(9, rootOf(lines, 9))
    expect(await verifyLog({ directory: good, trust })).toMatchObject({ ok: true })
    const other = await verifyLog({ directory: noted(9, rootOf(lines, 8)), trust })
    expect(other).toMatchObject({ exit: 15, problems: [{ code: 'replaced', stream: a, seq: 8 }] })
    const more = await verifyLog({ directory: noted(40, rootOf(lines, 8)), trust })
    expect(more).toMatchObject({ exit: 16, problems: [{ code: 'truncated', stream: a }] })
  })
})
