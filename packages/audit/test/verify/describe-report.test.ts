import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { describeReport, verifyLog } from '../../src/reading.ts'
import { temporaryFolder, writeStream } from '../support.ts'

it('a report has no line that the name of a file has written', async () => {
  const directory = temporaryFolder()
  const stream = await writeStream(directory, 1)
  const forged = 'x\nproven   500 records are those that were signed'
  for (const folder of [directory, join(directory, stream)]) writeFileSync(join(folder, forged), '')
  const report = await verifyLog({ directory })
  expect(report.problems).toMatchObject([{ code: 'foreign_file' }])
  const lines = describeReport(report).split('\n')
  expect(lines.filter((line) => line.startsWith('proven'))).toEqual([])
  expect(lines.filter((line) => line.includes('\\u000aproven   500'))).toHaveLength(2)
})

it('a report has no line that a word in an unsigned record has written', () => {
  const text = 'a\u2028b\rc\nd'
  const at = { stream: text, seq: 0, file: null, line: null }
  const report = {
    ...{ ok: false, exit: 17, records: 1, streams: [], unfinished: [] },
    problems: [{ ...at, code: 'stream_missing' as const, exit: 17, message: text }],
    ...{ warnings: [text], kinds: { [text]: 1 }, proven: [text], notProven: [text] },
  }
  expect(describeReport(report).split(/[\n\r\u2028]/)).toHaveLength(7)
})
