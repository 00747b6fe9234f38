import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { type AuditRecord, openOpenings } from '@lelu/audit'
import { readRecords } from '@lelu/audit/reading'
import { expect, test } from 'vitest'
import { queueOfOne, run, temporaryFolder } from './support.ts'

/** A decision of a call for `user-7`, its record, and what can be shown of it. */
async function decided() {
  const { directory } = await queueOfOne()
  const records: AuditRecord[] = []
  const read = async () => {
    records.length = 0
    const audit = join(directory, 'audit')
    for await (const { record } of readRecords({ directory: audit })) records.push(record)
    return records
  }
  await read()
  const decision = records.find(({ kind }) => kind === 'decision') ?? {}
  const openings = await openOpenings({ directory: join(directory, 'openings'), write: false })
  const status = async () => (await openings.reveal(decision)).status
  const subject = ((decision as { acting_for?: { id: string } }).acting_for ?? { id: 'trader-1' })
    .id
  return { directory, read, status, subject }
}

test('audit erase makes the values unreadable, records who asked, and leaves a log that verifies', async () => {
  const { directory, read, status, subject } = await decided()
  expect(await status()).toBe('shown')
  const words = ['audit', 'erase', subject, '--reason', 'Request 12', '-C', directory]
  const { code, stdout } = await run([...words, '--yes'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Erased what was kept of .+ of the tenant default/)
  expect(stdout).toMatch(/Not erased: approvals in the store/)
  expect(await status()).toBe('erased')
  const erasure = (await read()).find(({ kind }) => kind === 'erasure')
  expect(erasure).toMatchObject({
    ...{ reason: 'Request 12', keys: 1 },
    reviewer: { id: userInfo().username, method: 'os-user' },
  })
  expect(JSON.stringify(erasure)).not.toContain(subject)
  expect((await run(['audit', 'verify', '-C', directory])).code).toBe(0)
  const again = await run([...words, '--yes', '--json'])
  expect(JSON.parse(again.stdout)).toMatchObject({ subject, tenant: 'default', keys: 0 })
})

test.each([
  ['y', 0, 'erased'],
  ['', 1, 'shown'],
])('at a terminal it asks first; the answer %j', async (answer, code, then) => {
  const { directory, status, subject } = await decided()
  const words = ['audit', 'erase', subject, '--reason', 'asked', '-C', directory]
  const ran = await run(words, { terminal: true, answer })
  expect(ran.code).toBe(code)
  expect(ran.questions).toEqual([expect.stringMatching(/for ever\? \[y\/N\]/)])
  expect(await status()).toBe(then)
})

test('without a terminal it erases nothing unless told --yes, and it needs a reason', async () => {
  const { directory, status, subject } = await decided()
  const asked = await run(['audit', 'erase', subject, '--reason', 'asked', '-C', directory])
  expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') })
  expect((await run(['audit', 'erase', subject, '--yes', '-C', directory])).code).toBe(2)
  expect(await status()).toBe('shown')
})

test('a name that nothing was kept under is said to be that', async () => {
  const { directory, status, subject } = await decided()
  const words = ['--reason', 'asked', '--yes', '-C', directory]
  for (const other of [['nobody'], [subject, '--tenant', 'other']]) {
    const { code, stdout } = await run(['audit', 'erase', ...other, ...words])
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Nothing is kept of'),
    })
  }
  expect(await status()).toBe('shown')
})

test('a folder that is none is not made', async () => {
  const directory = join(temporaryFolder(), 'none')
  const words = ['audit', 'erase', 'ada', '--reason', 'asked', '--yes', '-C', directory]
  const { code, stderr } = await run(words)
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('LELU_DIRECTORY_NOT_FOUND'),
  })
  expect(existsSync(directory)).toBe(false)
})
