import { readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { addRevision, newestNumber, readNewest, removeBefore } from '../../src/sign/key-folder.ts'
import { newKeyRing } from '../../src/sign/key-ring.ts'
import { temporaryFolder } from '../support.ts'
import { log } from '../tlog/support.ts'

const ring = newKeyRing(log, false)

it('the file with the highest number counts, as a number', async () => {
  const folder = temporaryFolder()
  expect(await readNewest(folder, log)).toBeUndefined()
  for (const number of [9, 10]) {
    expect(await addRevision(folder, { number, ring: newKeyRing(log, false) })).toBe(true)
  }
  expect(await newestNumber(folder)).toBe(10)
  expect(await readNewest(folder, log)).toMatchObject({ number: 10 })
})

it('a number that is taken is not written over', async () => {
  const folder = temporaryFolder()
  expect(await addRevision(folder, { number: 1, ring })).toBe(true)
  expect(await addRevision(folder, { number: 1, ring: newKeyRing(log, false) })).toBe(false)
  expect((await readNewest(folder, log))?.ring).toEqual(ring)
  expect(readdirSync(folder)).toEqual(['signing-keys.1.json'])
})

it('a number that later rotations have freed is not taken again', async () => {
  const folder = temporaryFolder()
  expect(await addRevision(folder, { number: 3, ring })).toBe(true)
  expect(await addRevision(folder, { number: 2, ring: newKeyRing(log, false) })).toBe(false)
  expect(readdirSync(folder)).toEqual(['signing-keys.3.json'])
})

it('the files before a number are removed, and no others', async () => {
  const folder = temporaryFolder()
  for (const number of [1, 2, 3, 10]) await addRevision(folder, { number, ring })
  await removeBefore(folder, 3)
  expect(readdirSync(folder).sort()).toEqual(['signing-keys.10.json', 'signing-keys.3.json'])
})

it('a file that is listed and never there ends in an error', async () => {
  const folder = temporaryFolder()
  symlinkSync('nowhere', join(folder, 'signing-keys.5.json'))
  await expect(readNewest(folder, log)).rejects.toMatchObject({ code: 'LELU_AUDIT_KEYS_UNUSABLE' })
})
