import { createDecipheriv } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AuditRecord,
  commitInput,
  eraseSubject,
  type Json,
  type Openings,
  openAuditLog,
  openingHolds,
  openOpenings,
} from '../../src/index.ts'
import { folderOpenings } from '../../src/inputs/folder-openings.ts'
import { openingsOver } from '../../src/inputs/openings.ts'
import { quietMs } from '../../src/inputs/openings-queue.ts'
import { verifyLog } from '../../src/reading.ts'
import { decision, temporaryFolder } from '../support.ts'
import { dyingErase, filesOf, readAll } from './support.ts'

const reviewer = { id: 'bob', issuer: 'test', method: 'test' }
const ada = { id: 'ada' }
const grace = { id: 'grace' }

function keep(openings: Openings, id: string, value: Json, subject = ada) {
  const { shown, openings: made } = commitInput(value)
  const hash = openings.hashOf(subject)
  openings.keep(hash, id, made)
  return { id, ts: new Date().toISOString(), input: shown, data_subject: hash }
}

/** Everything that could be a key: 32 bytes anywhere in any file. */
function* keysIn(files: { bytes: Buffer }[]): Iterable<Buffer> {
  for (const { bytes } of files) {
    for (let start = 0; start + 32 <= bytes.length; start += 1)
      yield bytes.subarray(start, start + 32)
  }
}

function opens(key: Buffer, sealed: Buffer, aad: Buffer): boolean {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
    decipher.setAAD(aad)
    decipher.setAuthTag(sealed.subarray(-16))
    decipher.update(sealed.subarray(12, -16))
    decipher.final()
    return true
  } catch {
    return false
  }
}

test('after an erasure the log verifies as before, and no file tells the value', async () => {
  const home = temporaryFolder()
  const [directory, folder] = [join(home, 'audit'), join(home, 'openings')]
  const audit = await openAuditLog({ directory })
  const openings = await openOpenings({ directory: folder })
  const values = fc.sample(
    fc.string({
      minLength: 12,
      maxLength: 60,
      unit: fc.constantFrom(...'abcdefghijkmnpqrstuvwxyz'),
    }),
    60,
  )
  for (const [n, value] of values.entries()) {
    const {
      id,
      ts: _ts,
      ...more
    } = keep(openings, `d${n}`, { value, n }, n % 3 === 0 ? grace : ada)
    await audit.append(decision(id, more), { until: 'written' })
  }
  await openings.flush()
  const before = await readAll(directory)
  const sealedBefore = filesOf(folder)
  const erased = await eraseSubject(
    { openings, audit },
    { subject: ada, reviewer, reason: 'asked' },
  )
  expect(erased).toMatchObject({ data_subject: openings.hashOf(ada), keys: 1 })
  await openings.close()
  await audit.close()

  expect(await verifyLog({ directory })).toMatchObject({ ok: true, exit: 0 })
  const records = await readAll(directory)
  expect(records.slice(0, before.length)).toEqual(before) // the log is as it was
  expect(records.find(({ kind }) => kind === 'erasure')).toMatchObject({
    ...{ data_subject: erased.data_subject, reviewer, reason: 'asked', keys: 1 },
  })

  const left = filesOf(home)
  const text = left.map(({ bytes }) => bytes.toString('latin1')).join('\n')
  const reading = await openOpenings({ directory: folder, write: false })
  for (const [n, value] of values.entries()) {
    const record = records.find(({ id }) => id === `d${n}`) as AuditRecord
    const { status, openings } = await reading.reveal(record)
    expect(status).toBe(n % 3 === 0 ? 'shown' : 'erased')
    expect(openings.map((one) => one.value)).toEqual(n % 3 === 0 ? [{ value, n }] : [])
    expect(text).not.toContain(value)
    expect(text).not.toContain(Buffer.from(value).toString('base64').slice(0, -4))
  }
  // Whoever has a copy of the lines from before: no 32 bytes that are left anywhere are their key.
  const line = sealedBefore.find(
    ({ path }) => path.includes(erased.data_subject) && path.endsWith('.jsonl'),
  )
  const first = JSON.parse(line?.bytes.toString().split('\n')[0] ?? '') as {
    decisions: string[]
    sealed: string
  }
  const bound = Buffer.from(
    `lelu.openings.v1\n${JSON.stringify([erased.data_subject, first.decisions])}`,
  )
  const sealed = Buffer.from(first.sealed, 'base64')
  const key = sealedBefore.find(
    ({ path }) => path.includes(erased.data_subject) && path.endsWith('.key'),
  )
  expect(opens(key?.bytes ?? Buffer.alloc(32), sealed, bound)).toBe(true) // the search below could find it
  for (const candidate of keysIn(left.filter(({ path }) => path.startsWith(folder)))) {
    expect(opens(candidate, sealed, bound)).toBe(false)
  }
})

test('erasing again is no error, and erases what has come since', async () => {
  const directory = temporaryFolder()
  let time = Date.now()
  const openings = await openOpenings({ directory, now: () => time })
  keep(openings, 'one', 'first')
  await openings.flush()
  expect(await openings.erase(ada)).toMatchObject({ keys: 1 })
  expect(await openings.erase(ada)).toMatchObject({ keys: 0 })
  time += quietMs + 1
  const later = keep(openings, 'two', 'second')
  await openings.flush()
  expect(await openings.reveal(later)).toMatchObject({ status: 'shown' }) // a new key, for new data
  expect(await openings.erase(ada)).toMatchObject({ keys: 1 })
  expect((await openings.reveal(later)).status).toBe('erased')
  await openings.close()
})

test('another process that has the key in memory, and data on the way, brings nothing back', async () => {
  const directory = temporaryFolder()
  const [writing, eraser] = [await openOpenings({ directory }), await openOpenings({ directory })]
  const known = keep(writing, 'one', 'before')
  await writing.flush()
  const onTheWay = keep(writing, 'two', 'on the way')
  await eraser.erase(ada)
  const after = keep(writing, 'three', 'right after')
  await writing.flush()
  const fresh = await openOpenings({ directory })
  const another = keep(fresh, 'four', 'of a new process')
  await fresh.close()
  for (const record of [known, onTheWay, after, another]) {
    expect((await writing.reveal(record)).status).toBe('erased')
  }
  expect(filesOf(directory).filter(({ path }) => /\.(key|jsonl)$/.test(path))).toEqual([])
  expect(writing.lost).toBe(0) // nothing failed
  await writing.close()
  await eraser.close()
})

test('an erasure that comes while a key is being made takes that key too', async () => {
  const directory = temporaryFolder()
  const store = folderOpenings(directory)
  const eraser = await openOpenings({ directory })
  // The eraser looks for keys just before, or just after, the new one is there.
  for (const side of ['before', 'after']) {
    const racing: typeof store = {
      ...store,
      async addKey(...key) {
        if (side === 'before') await eraser.erase(ada)
        await store.addKey(...key)
        if (side === 'after') await eraser.erase(ada)
      },
    }
    const writing = await openingsOver(racing, {})
    const record = keep(writing, side, 'a value')
    await writing.close()
    expect((await writing.reveal(record)).status).toBe('erased')
    expect(filesOf(directory).filter(({ path }) => /\.(key|jsonl)$/.test(path))).toEqual([])
    rmSync(join(directory, String(record.data_subject)), { recursive: true })
  }
})

test('the bytes of a key are overwritten before its name goes', async () => {
  const directory = temporaryFolder()
  const openings = await openOpenings({ directory })
  keep(openings, 'one', 1)
  await openings.flush()
  const key = filesOf(directory).find(({ path }) => path.endsWith('.key'))
  const other = join(directory, 'another-name')
  linkSync(key?.path ?? '', other) // the same file: what is left of it can still be read here
  await openings.erase(ada)
  await openings.close()
  expect(readFileSync(other)).toEqual(Buffer.alloc(32))
})

test('a mark that cannot be read counts as an erasure, never as none', async () => {
  const directory = temporaryFolder()
  const openings = await openOpenings({ directory })
  const { data_subject } = keep(openings, 'one', 1)
  await openings.flush()
  await openings.erase(ada)
  writeFileSync(join(directory, String(data_subject), 'erased'), '')
  const record = keep(openings, 'two', 2)
  await openings.close()
  expect((await openings.reveal(record)).status).toBe('erased')
})

test('an erasure that is killed at any step can be done again, and leaves nothing', async () => {
  const parent = temporaryFolder()
  const steps = Number(await dyingErase(join(parent, 'whole'), 0))
  expect(steps).toBeGreaterThan(10)
  const rounds = Array.from({ length: steps }, (_, n) => n + 1)
  // Few at a time: each is a process of its own.
  for (let from = 0; from < rounds.length; from += 4) {
    await Promise.all(
      rounds.slice(from, from + 4).map(async (step) => {
        const directory = join(parent, String(step))
        expect(await dyingErase(directory, step)).toBe('SIGKILL')
        const openings = await openOpenings({ directory })
        const record = {
          id: 'one',
          data_subject: openings.hashOf(ada),
          ts: new Date(0).toISOString(),
        }
        await openings.erase(ada)
        expect((await openings.reveal(record)).status).toBe('erased')
        const left = filesOf(join(directory, String(record.data_subject)))
        expect(left.map(({ path }) => path.replace(/.*\//, ''))).toEqual(['erased'])
        await openings.close()
      }),
    )
  }
}, 300_000)

test('an erasure that cannot be recorded says so, and is recorded by the next try', async () => {
  const home = temporaryFolder()
  const openings = await openOpenings({ directory: join(home, 'openings') })
  const record = keep(openings, 'one', 1)
  await openings.flush()
  const closed = await openAuditLog({ directory: join(home, 'audit') })
  await closed.close()
  const erasure = { subject: ada, reviewer: null, reason: 'asked' }
  const refused = expect.objectContaining({
    code: 'LELU_AUDIT_UNAVAILABLE',
    help: expect.stringMatching(/erase .* again/),
  })
  await expect(eraseSubject({ openings, audit: closed }, erasure)).rejects.toThrow(refused)
  expect((await openings.reveal(record)).status).toBe('erased')
  const audit = await openAuditLog({ directory: join(home, 'audit') })
  expect(await eraseSubject({ openings, audit }, erasure)).toMatchObject({ keys: 0 })
  await audit.close()
  await openings.close()
})

test('an erasure needs a subject and a reason', async () => {
  const openings = await openOpenings({ directory: temporaryFolder() })
  const audit = { append: () => Promise.reject(new Error('reached')) }
  const refused = expect.objectContaining({ code: 'LELU_AUDIT_RECORD_INVALID' })
  for (const [id, reason] of [
    ['', 'asked'],
    ['ada', ' '],
    [7, 'asked'],
    ['ada', undefined],
  ]) {
    const erasure = { subject: { id }, reviewer, reason } as Parameters<typeof eraseSubject>[1]
    await expect(eraseSubject({ openings, audit }, erasure)).rejects.toThrow(refused)
  }
})

test('who holds an opening can show its value to anybody, without Lelu or a key', async () => {
  const { shown, openings } = commitInput({ amount: 100, note: 'x' }, ['/note'])
  const given = JSON.parse(JSON.stringify(openings[0])) as (typeof openings)[0]
  expect(openingHolds({ input: shown }, given)).toBe(true)
})
