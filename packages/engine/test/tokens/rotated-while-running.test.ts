import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLelu, rotateKeys } from '../../src/index.ts'
import { approved, overview, temporaryFolder } from '../support.ts'

/** Two engines on one directory, the keys rotated between them: the first has never seen the second's. */
async function rotated(times: number) {
  const directory = temporaryFolder()
  const old = await createLelu({ directory, policies: overview })
  for (let n = 0; n < times; n += 1) await rotateKeys(join(directory, 'keys'))
  const fresh = await createLelu({ directory, policies: overview })
  const close = () => Promise.all([old.close(), fresh.close()])
  return { directory, old, fresh, close }
}

test('after a rotation, many sound records that are read at once are not called altered', async () => {
  const { old, fresh, close } = await rotated(1)
  const ids: string[] = []
  for (let n = 0; n < 8; n += 1) ids.push(await approved(fresh, { id: `k${n}` }, { run: 'run-1' }))
  const outcomes = await Promise.all(ids.map((id) => old.resume(id, () => 'ran')))
  expect(outcomes.map(({ status }) => status)).toEqual(Array(8).fill('executed'))
  await close()
})

test('nor is one behind a second rotation that follows right away', async () => {
  const { directory, old, fresh, close } = await rotated(1)
  const first = await approved(fresh, { id: 'a' }, { run: 'run-1' })
  expect((await old.resume(first, () => 'ran')).status).toBe('executed')
  await rotateKeys(join(directory, 'keys'))
  const newest = await createLelu({ directory, policies: overview })
  const second = await approved(newest, { id: 'b' }, { run: 'run-1' })
  expect((await old.resume(second, () => 'ran')).status).toBe('executed')
  await Promise.all([newest.close(), close()])
})

test('tokens of a key that is new to an engine are known to all who ask at once', async () => {
  const { old, fresh, close } = await rotated(1)
  const tokens: string[] = []
  for (let n = 0; n < 4; n += 1) {
    const id = await approved(fresh, { id: `k${n}` }, { run: 'run-1' })
    tokens.push((await fresh.tokens.mint(id)).token)
  }
  const found = await Promise.all(tokens.map((token) => old.tokens.introspect(token)))
  expect(found.map(({ active }) => active)).toEqual([true, true, true, true])
  await close()
})
