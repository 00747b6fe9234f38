import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { sqliteApprovalStore } from '../../src/store/sqlite.ts'
import { temporaryFolder } from '../support.ts'

function openStore() {
  const store = sqliteApprovalStore({ path: join(temporaryFolder(), 'approvals.db') })
  onTestFinished(() => store.close())
  const { database } = store
  const insert = database.prepare("INSERT INTO lelu_keyv VALUES (?, 'x')")
  const keys = () =>
    database
      .prepare('SELECT key FROM lelu_keyv ORDER BY key')
      .all()
      .map(({ key }) => key)
  const set = (key: string) => store.write('setting a key', () => insert.run(key).changes)
  return { store, database, insert, keys, set }
}

it('writes what meets a write that fails, and nothing of the one that failed', async () => {
  const { store, insert, keys, set } = openStore()
  const failing = (key: string) =>
    store.write('failing', () => {
      insert.run(key)
      throw new Error('not this one')
    })
  const asked = [set('a'), failing('b'), set('c'), failing('d'), set('e')]
  const answers = await Promise.allSettled(asked)
  expect(answers.map(({ status }) => status)).toEqual([
    ...['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  ])
  expect(answers[1]).toMatchObject({ reason: { code: 'LELU_STORE_UNAVAILABLE' } })
  expect(keys()).toEqual(['a', 'c', 'e'])
})

it('answers each of the writes that share a commit its own, in one transaction', async () => {
  const { database, keys, set } = openStore()
  const executed = vi.spyOn(database, 'exec')
  expect(await Promise.all([set('a'), set('b'), set('c')])).toEqual([1, 1, 1])
  expect(executed.mock.calls).toEqual([['BEGIN IMMEDIATE'], ['COMMIT']])
  expect(keys()).toEqual(['a', 'b', 'c'])
})

it('tries nothing again when it is the commit that fails', async () => {
  const { database, keys, set } = openStore()
  const exec = database.exec.bind(database)
  const executed = vi.spyOn(database, 'exec').mockImplementation((sql) => {
    if (sql === 'COMMIT') throw new Error('the disk is full')
    exec(sql)
  })
  const answers = await Promise.allSettled([set('a'), set('b')])
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(executed.mock.calls).toEqual([['BEGIN IMMEDIATE'], ['COMMIT'], ['ROLLBACK']])
  expect(keys()).toEqual([])
  executed.mockRestore()
})
