import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { folderSource } from '../src/reading.ts'
import { temporaryFolder } from './support.ts'

it('fills one memory while the other is looked at', async () => {
  const directory = temporaryFolder()
  const ref = { log: undefined, stream: '01kar6w0f3000000000000000a' }
  const segment = { file: '0000000000000000.jsonl', firstSeq: 0, stored: undefined }
  const bytes = randomBytes(9500)
  mkdirSync(join(directory, ref.stream), { recursive: true })
  const path = join(directory, ref.stream, segment.file)
  writeFileSync(path, bytes)
  for (const offset of [0, 700]) {
    const into = [Buffer.alloc(1000), Buffer.alloc(1000)] as const
    const seen: Buffer[] = []
    for await (const chunk of folderSource(directory).read(ref, segment, { offset, into })) {
      await readFile(path) // by then the next chunk is there
      expect(into.map(({ buffer }) => buffer)).toContain(chunk.buffer)
      seen.push(Buffer.from(chunk))
    }
    expect(Buffer.concat(seen)).toEqual(bytes.subarray(offset))
  }
})
