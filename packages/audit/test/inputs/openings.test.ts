import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { commitInput, type Json, type Openings, openOpenings } from '../../src/index.ts'
import { folderOpenings } from '../../src/inputs/folder-openings.ts'
import { openingsOver } from '../../src/inputs/openings.ts'
import { queueLimits } from '../../src/inputs/openings-queue.ts'
import { temporaryFolder } from '../support.ts'
import { filesOf } from './support.ts'

const ada = { id: 'ada@example.com' }

/** Closed when the test ends; to be called before the test waits for anything, while it is known which one it is. */
function opened(directory: string): Promise<Openings> {
  const opening = openOpenings({ directory })
  onTestFinished(async () => (await opening).close())
  return opening
}

let number = 0
/** A decision about Ada, kept; the record as the log would give it back. */
function decided(openings: Openings, value: Json, subject: { id: string; tenant?: string } = ada) {
  number += 1
  const id = `decision-${number}`
  const { shown, openings: made } = commitInput(value)
  const hash = openings.hashOf(subject)
  openings.keep(hash, id, made)
  return { id, ts: new Date().toISOString(), input: shown, data_subject: hash }
}

test('what was committed can be shown, by this process and by a later one', async () => {
  const directory = temporaryFolder()
  const openings = await opened(directory)
  const records = [1, 'two', { three: [3] }].map((value) => decided(openings, value))
  await openings.flush()
  const more = decided(openings, 'four')
  await openings.close()
  const later = await openOpenings({ directory, write: false })
  const shown = await Promise.all([...records, more].map((record) => later.reveal(record)))
  expect(shown.map(({ status, openings }) => [status, openings[0]?.value])).toEqual([
    ['shown', 1],
    ['shown', 'two'],
    ['shown', { three: [3] }],
    ['shown', 'four'],
  ])
})

test('they are written within a second, without being asked for', async () => {
  const openings = await opened(temporaryFolder())
  const record = decided(openings, 1)
  await expect
    .poll(() => openings.reveal(record), { timeout: 30_000 })
    .toMatchObject({ status: 'shown' })
})

test('nothing on the disk holds a value, a path, the subject or its bare hash', async () => {
  const directory = temporaryFolder()
  const another = opened(temporaryFolder())
  const openings = await opened(directory)
  decided(openings, { 'member-name': 'a value to hide' })
  await openings.flush()
  const all = filesOf(directory).map(({ path, bytes }) => `${path}\n${bytes.toString('latin1')}`)
  expect(all.length).toBeGreaterThanOrEqual(3)
  expect(all.join('\n')).not.toMatch(/a value to hide|member-name|\/input|ada/)
  expect((await another).hashOf(ada)).not.toBe(openings.hashOf(ada))
})

test('the files are for their owner only', async () => {
  const directory = join(temporaryFolder(), 'openings')
  const openings = await opened(directory)
  decided(openings, 1)
  await openings.flush()
  const folders = [
    directory,
    ...readdirSync(directory)
      .filter((name) => name !== 'secret')
      .map((name) => join(directory, name)),
  ]
  for (const folder of folders) expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const { path } of filesOf(directory)) expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('two processes that begin at once agree on the secret, and write to files of their own', async () => {
  const directory = temporaryFolder()
  const all = await Promise.all(Array.from({ length: 8 }, () => opened(directory)))
  expect(new Set(all.map((openings) => openings.hashOf(ada))).size).toBe(1)
  const records = all.map((openings, n) => decided(openings, n))
  await Promise.all(all.map((openings) => openings.flush()))
  expect(filesOf(directory).filter(({ path }) => path.endsWith('.key'))).toHaveLength(8)
  for (const [n, record] of records.entries()) {
    const { openings } = (await all[0]?.reveal(record)) ?? { openings: [] }
    expect(openings[0]?.value).toBe(n)
  }
})

test('the same id in another tenant is another person', async () => {
  const openings = await opened(temporaryFolder())
  expect(openings.hashOf({ ...ada, tenant: 'a' })).not.toBe(
    openings.hashOf({ ...ada, tenant: 'b' }),
  )
  expect(openings.hashOf({ ...ada, tenant: 'default' })).toBe(openings.hashOf(ada))
})

test('a line that is moved to another decision or subject, or altered, does not open', async () => {
  const directory = temporaryFolder()
  const openings = await opened(directory)
  const one = decided(openings, 1)
  await openings.flush()
  const two = decided(openings, 1)
  const other = decided(openings, 1, { id: 'grace' })
  await openings.flush()
  const file = (hash: string | undefined) =>
    filesOf(directory).find(({ path }) => path.includes(`${hash}/`) && path.endsWith('.jsonl'))
      ?.path ?? ''
  const path = file(one.data_subject)
  const text = readFileSync(path, 'utf8')
  const [first = '', second = ''] = text.split('\n')
  const named = (line: string, id: string) =>
    JSON.stringify({ ...JSON.parse(line), decisions: [id] })
  writeFileSync(path, `${named(second, one.id)}\n`)
  expect((await openings.reveal(one)).status).toBe('missing')
  writeFileSync(path, `${first.replace(/.{4}"}$/, 'AAAA"}')}\n${first.slice(0, -9)}`)
  expect((await openings.reveal(one)).status).toBe('missing')
  writeFileSync(path, text)
  expect((await openings.reveal(two)).status).toBe('shown')
  // The key goes along: only what the line is bound to keeps it from the other person's decision.
  const from = {
    key: path.replace('.jsonl', '.key'),
    folder: join(directory, String(other.data_subject)),
  }
  writeFileSync(join(from.folder, '0'.repeat(26).concat('.key')), readFileSync(from.key))
  writeFileSync(
    join(from.folder, '0'.repeat(26).concat('.jsonl')),
    `${named(first, 'moved')}\n${first}\n`,
  )
  expect((await openings.reveal({ ...one, data_subject: other.data_subject })).status).toBe(
    'missing',
  )
})

test('those of many decisions are all found, whichever share a line', async () => {
  const directory = temporaryFolder()
  const openings = await opened(directory)
  const many = Array.from({ length: 150 }, (_, n) => decided(openings, { n }))
  const large = decided(openings, 'x'.repeat(300_000))
  const last = decided(openings, 'last')
  await openings.flush()
  const [lines] = filesOf(directory).filter(({ path }) => path.endsWith('.jsonl'))
  expect(lines?.bytes.toString().split('\n')).toHaveLength(5) // 64, 64, 22 and the large one, the last; and the end
  for (const [n, record] of many.entries()) {
    expect((await openings.reveal(record)).openings[0]?.value).toEqual({ n })
  }
  expect((await openings.reveal(large)).openings[0]?.value).toHaveLength(300_000)
  expect((await openings.reveal(last)).openings[0]?.value).toBe('last')
})

test('an opening that does not fit the record is not shown as its value', async () => {
  const openings = await opened(temporaryFolder())
  const record = decided(openings, 'true value')
  await openings.flush()
  const changed = { ...record, input: commitInput('other value').shown }
  expect(await openings.reveal(changed)).toEqual({ status: 'shown', openings: [], altered: 1 })
})

test('a record cannot lead out of the folder', async () => {
  const openings = await opened(join(temporaryFolder(), 'openings'))
  for (const data_subject of ['../other', '', 'x'.repeat(32), 7, null, '0'.repeat(31)]) {
    expect(await openings.reveal({ id: 'd', data_subject })).toMatchObject({ status: 'missing' })
  }
})

test('a folder that cannot be written costs the values and not the decision; it is said once and counted', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  const openings = await openOpenings({ directory: join(file, 'openings') })
  const records = [1, 2, 3].map((value) => decided(openings, value))
  await openings.close()
  expect(records[0]).toMatchObject({ input: { $c: expect.any(String) }, data_subject: undefined })
  expect(openings.lost).toBe(3)
  expect(warn).toHaveBeenCalledTimes(1)
  expect(String(warn.mock.calls[0]?.[0])).toMatch(/cannot be shown later.*|commitments stay valid/)
})

test('a disk that fails later, hangs or is too slow loses values and nothing else', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  const limits = { ...queueLimits, flushMs: 5, closeMs: 50, maxDecisions: 3 }
  const folder = folderOpenings(temporaryFolder())
  const full = Object.assign(new Error('no space'), { code: 'ENOSPC' })
  let fails = true
  const failing: typeof folder = {
    ...folder,
    // Half of a line reaches the disk: what is written after it must not join it.
    async append(subject, name, lines) {
      await folder.append(subject, name, fails ? lines.subarray(0, -20) : lines)
      if (fails) throw full
    },
  }
  const openings = await openingsOver(failing, {}, limits)
  const gone = decided(openings, 1)
  await openings.flush()
  fails = false
  const kept = decided(openings, 2)
  await openings.flush()
  expect(openings.lost).toBe(1)
  expect((await openings.reveal(gone)).status).toBe('missing')
  expect((await openings.reveal(kept)).status).toBe('shown')

  const hanging = { ...folder, append: () => new Promise<void>(() => {}) }
  const stuck = await openingsOver(hanging, {}, limits)
  for (let n = 0; n < 5; n += 1) decided(stuck, n)
  expect(stuck.lost).toBe(2) // three may wait
  const small = await openingsOver(hanging, {}, { ...limits, maxDecisions: 100, maxBytes: 1000 })
  for (let n = 0; n < 5; n += 1) decided(small, 'x'.repeat(300))
  expect(small.lost).toBe(3) // of some 400 bytes each
  small.keep(small.hashOf(ada), 'd', [{ path: '/input', salt: '', value: 1n as unknown as Json }])
  expect(small.lost).toBe(4) // what is no JSON is lost as well, and nothing is thrown
  await small.close()
  await stuck.close() // it does not wait for the disk
  expect(stuck.lost).toBeGreaterThan(2)
})

test('without its secret a folder is not taken for an empty one', async () => {
  const directory = temporaryFolder()
  mkdirSync(join(directory, '0'.repeat(32)))
  const openings = await openOpenings({ directory, write: false })
  const refused = expect.objectContaining({ code: 'LELU_AUDIT_OPENINGS_INVALID' })
  await expect(openings.erase(ada)).rejects.toThrow(refused)
  const none = await openOpenings({ directory: join(directory, 'none'), write: false })
  const missing = expect.objectContaining({ code: 'LELU_AUDIT_NOT_FOUND' })
  await expect(none.erase(ada)).rejects.toThrow(missing)
  expect(readdirSync(directory)).toEqual(['0'.repeat(32)]) // looking made nothing
})
