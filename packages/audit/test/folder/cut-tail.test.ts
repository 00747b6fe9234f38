import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { verifyLog } from '../../src/reading.ts'
import { deadStream, temporaryFolder, writeStream } from '../support.ts'

const first = '0000000000000000'

it('keeps all bytes of a tail that is longer than what is read at a time, and verify reads them again', async () => {
  const directory = temporaryFolder()
  const dead = await deadStream(directory, 2)
  const path = join(directory, dead, `${first}.jsonl`)
  const whole = readFileSync(path)
  const tail = randomBytes(3 * 1024 * 1024 + 1).map((byte) => (byte === 10 ? 0 : byte))
  writeFileSync(path, Buffer.concat([whole, tail]))
  // As a process leaves it that died while it copied.
  mkdirSync(join(directory, 'quarantine'))
  writeFileSync(join(directory, 'quarantine', `${dead}-${first}-${whole.length}.tmp`), 'half')
  await writeStream(directory, 1)
  expect(readFileSync(path).equals(whole)).toBe(true)
  const [kept = '', ...more] = readdirSync(join(directory, 'quarantine'))
  expect(more).toEqual([])
  expect(readFileSync(join(directory, 'quarantine', kept)).equals(tail)).toBe(true)
  expect(await verifyLog({ directory })).toMatchObject({ ok: true, warnings: [] })
})
