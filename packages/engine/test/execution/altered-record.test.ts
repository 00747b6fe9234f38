import { createSecretKey } from 'node:crypto'
import { join } from 'node:path'
import { readRecords } from '@lelu/audit/reading'
import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import { sealRow } from '../../src/approvals/seal.ts'
import { createLelu, fromKeyv, newKeyRing } from '../../src/index.ts'
import { approved, overview, suspended, temporaryFolder, testEngine } from '../support.ts'

describe('a record that was altered in the store', () => {
  it.each([
    ['the input', (body: string) => body.replace('"amount":100', '"amount":999999')],
    ['the state', (body: string) => body.replace('"state":"approved"', '"state":"pending"')],
    ['the votes', (body: string) => body.replace('"verdict":"approve"', '"verdict":"deny"')],
  ])('is refused when %s was changed', async (_what, change) => {
    const store = new Keyv()
    const lelu = await testEngine({ store })
    const id = await approved(lelu)
    const driver = fromKeyv(store)
    const row = await driver.get(id)
    if (row === undefined) throw new Error('no row')
    const body = change(row.body)
    expect(body).not.toBe(row.body)
    await driver.swap(row.rev, { ...row, body })
    const tool = vi.fn()
    await expect(lelu.resume(id, tool)).rejects.toMatchObject({ code: 'LELU_APPROVAL_ALTERED' })
    expect(tool).not.toHaveBeenCalled()
    expect(await lelu.approvals.list()).toMatchObject({ approvals: [], altered: [id] })
  })

  it('is refused when a pending row was set to approved', async () => {
    const store = new Keyv()
    const lelu = await testEngine({ store })
    const id = await suspended(lelu)
    const driver = fromKeyv(store)
    const row = await driver.get(id)
    if (row === undefined) throw new Error('no row')
    await driver.swap(row.rev, {
      ...row,
      state: 'approved',
      body: row.body.replace('"state":"pending"', '"state":"approved"'),
    })
    await expect(lelu.resume(id, vi.fn())).rejects.toMatchObject({ code: 'LELU_APPROVAL_ALTERED' })
  })

  it('is refused though it was sealed anew: its digest is not that of the input', async () => {
    const store = new Keyv()
    const keys = newKeyRing(0)
    const lelu = await testEngine({ store, keys })
    const id = await approved(lelu)
    const driver = fromKeyv(store)
    const row = await driver.get(id)
    const [seal] = keys.seal
    if (row === undefined || seal === undefined) throw new Error('no row')
    const body = row.body.replace('"amount":100', '"amount":999999')
    const key = { kid: seal.kid, secret: createSecretKey(seal.secret, 'base64url') }
    await driver.swap(row.rev, sealRow({ ...row, body }, key))
    const tool = vi.fn()
    await expect(lelu.resume(id, tool)).rejects.toMatchObject({
      code: 'LELU_APPROVAL_ALTERED',
      message: expect.stringContaining('not the one that was approved'),
    })
    expect(tool).not.toHaveBeenCalled()
  })

  it('put back to an older sealed copy runs again, but never without a second redeem in the log', async () => {
    // Found in review: events were once remembered by number, so the second redeem was taken for the first.
    const store = new Keyv()
    const directory = temporaryFolder()
    const lelu = await createLelu({ directory, store, policies: overview })
    const id = await approved(lelu)
    const driver = fromKeyv(store)
    const before = await driver.get(id)
    await lelu.resume(id, () => 'first')
    const after = await driver.get(id)
    if (before === undefined || after === undefined) throw new Error('no row')
    await driver.swap(after.rev, { ...before, audited: 99 })
    await lelu.resume(id, () => 'second')
    await lelu.close()
    const redeemed: unknown[] = []
    for await (const { record } of readRecords({ directory: join(directory, 'audit') })) {
      if (record.kind === 'token.redeemed') redeemed.push(record.refs)
    }
    expect(redeemed).toHaveLength(2)
  })
})
