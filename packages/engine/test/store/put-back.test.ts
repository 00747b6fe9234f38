import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { approved, bob, temporaryFolder, testClock, testEngine } from '../support.ts'

const database = (directory: string) =>
  readdirSync(directory).filter((name) => name.startsWith('approvals.db'))

function copy(from: string, to: string) {
  for (const name of database(from)) cpSync(join(from, name), join(to, name))
}

// docs/stores.md: the database of yesterday does not know what has run since.
it('a database that is put back runs nothing again once all of before is revoked', async () => {
  const [directory, backup] = [temporaryFolder(), temporaryFolder()]
  const clock = testClock()
  const options = { directory, store: undefined as never, now: clock.now }
  const first = await testEngine(options)
  const id = await approved(first)
  await first.close()
  copy(directory, backup)

  const tool = vi.fn()
  const second = await testEngine(options)
  await second.resume(id, tool)
  await second.close()
  copy(backup, directory)

  clock.advance(60_000)
  const third = await testEngine(options)
  await third.tokens.revoke({ all: true }, { by: bob, reason: 'the database was put back' })
  await expect(third.resume(id, tool)).rejects.toMatchObject({ code: 'LELU_TOKEN_REFUSED' })
  expect(tool).toHaveBeenCalledOnce()
  // What is approved from now on runs.
  clock.advance(1)
  const next = await approved(third, { id: 'next' })
  expect(await third.resume(next, () => 'ran')).toMatchObject({ status: 'executed' })
})
