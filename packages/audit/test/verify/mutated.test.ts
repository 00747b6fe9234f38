import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { verifyLog } from '../../src/reading.ts'
import { leafHashOfText } from '../../src/record/line.ts'
import { linesOf, problemsOf, temporaryFolder, writeStream } from '../support.ts'
import { forge, seeded, segmented } from './forging.ts'
import { withSum } from './with-sum.ts'

describe('one flipped bit', () => {
  it('anywhere in a log, 600 of them, is found and named with stream, number, file and line', {
    timeout: 300_000,
  }, async () => {
    const { directory, stream, files } = await segmented(25)
    const random = seeded(7)
    for (let round = 0; round < 600; round += 1) {
      const file = files[random(files.length)] ?? ''
      const path = join(directory, file)
      const original = readFileSync(path)
      const changed = Buffer.from(original)
      const at = random(changed.length)
      changed[at] = (changed[at] ?? 0) ^ (1 << random(8))
      writeFileSync(path, changed)
      const { ok, exit, problems } = await verifyLog({ directory })
      const where = `${file} byte ${at}`
      expect(ok, where).toBe(false)
      expect(exit, where).toBe(12)
      const lineOf = (bytes: Buffer) => bytes.subarray(0, at).toString('latin1').split('\n').length
      expect(problems[0], where).toMatchObject({
        stream,
        file,
        line: lineOf(original),
        seq: expect.any(Number),
      })
      const firstSeq = Number(file.slice(-22, -6))
      expect(problems[0]?.seq, where).toBe(firstSeq + lineOf(original) - 1)
      writeFileSync(path, original)
    }
    expect(await problemsOf(directory)).toEqual([])
  })
})

type Mutation = (
  lines: string[],
  random: (below: number) => number,
) => { code: string; seq: number }
const mutations: Record<string, Mutation> = {
  'dropped record': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines.splice(k, 1)
    return { code: 'gap', seq: k }
  },
  'run of dropped records': (lines, random) => {
    const k = 1 + random(lines.length - 6)
    lines.splice(k, 2 + random(3))
    return { code: 'gap', seq: k }
  },
  'swapped pair': (lines, random) => {
    const k = 1 + random(lines.length - 3)
    const [a = '', b = ''] = lines.slice(k, k + 2)
    lines.splice(k, 2, b, a)
    return { code: 'reordered', seq: k }
  },
  'record that was moved back': (lines, random) => {
    const from = 5 + random(lines.length - 7)
    const to = 1 + random(from - 2)
    lines.splice(to, 0, ...lines.splice(from, 1))
    return { code: 'reordered', seq: to }
  },
  'record that stands twice': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines.splice(k, 0, lines[k] ?? '')
    return { code: 'duplicate', seq: k }
  },
  'record with other content and a fitting sum': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines[k] = forge(lines[k] ?? '', { decision: 'allow' })
    return { code: 'edited', seq: k }
  },
  'record with other content': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines[k] = (lines[k] ?? '').replace('"deny"', '"allow"')
    return { code: 'edited', seq: k }
  },
  'record that was put in with a fitting link and sum': (lines, random) => {
    const k = 2 + random(lines.length - 3)
    const before = lines[k - 1] ?? ''
    lines.splice(k, 0, forge(before, { seq: k, prev: leafHashOfText(before), decision: 'allow' }))
    return { code: 'reordered', seq: k }
  },
  'line of something else': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines.splice(k, 0, '{"kind":"decision"}')
    return { code: 'bad_line', seq: k }
  },
  'line that is empty': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines.splice(k, 0, '')
    return { code: 'bad_line', seq: k }
  },
  'blank that JSON does not care about': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines[k] = (lines[k] ?? '').replace(',', ', ')
    return { code: 'edited', seq: k }
  },
  'name that appears twice, with a fitting sum': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    const text = (lines[k] ?? '').replace(/,"~sum":.*/, '}')
    lines[k] = withSum(text.replace('{', '{"agent":{"id":"other"},'))
    return { code: 'edited', seq: k }
  },
  'front that was cut off': (lines, random) => {
    lines.splice(0, 1 + random(5))
    return { code: 'gap', seq: 0 }
  },
  'tail that was cut off, with the end of the stream': (lines, random) => {
    const k = 1 + random(lines.length - 2)
    lines.splice(k)
    return { code: 'truncated', seq: k - 1 }
  },
  'record behind the end': (lines) => {
    const last = lines.at(-1) ?? ''
    lines.push(forge(last, { seq: lines.length, prev: leafHashOfText(last), kind: 'decision' }))
    return { code: 'extra_bytes', seq: lines.length - 1 }
  },
}

describe('a stream with one', () => {
  it.each(Object.entries(mutations))('%s is found, 20 times', async (_, mutate) => {
    const directory = temporaryFolder()
    const stream = await writeStream(directory, 30)
    const path = join(directory, stream, '0000000000000000.jsonl')
    const original = readFileSync(path)
    const random = seeded(11)
    for (let round = 0; round < 20; round += 1) {
      const { lines, write } = linesOf(path)
      const { code, seq } = mutate(lines, random)
      write(lines)
      const { ok, problems } = await verifyLog({ directory })
      expect(ok).toBe(false)
      expect(problems[0], JSON.stringify(problems)).toMatchObject({ code, stream, seq })
      writeFileSync(path, original)
    }
  })
})
