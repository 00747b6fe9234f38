import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Keyv } from 'keyv'
import { expect, it, onTestFinished, vi } from 'vitest'
import { rotateKeys } from '../../src/index.ts'
import { approved, suspended, temporaryFolder, testEngine } from '../support.ts'

function engine() {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const shared = { directory: temporaryFolder(), store: new Keyv() }
  return testEngine(shared).then((lelu) => ({ shared, lelu }))
}

/** New keys are made, the old ones are taken out, and half a minute passes. */
async function takeOut(directory: string): Promise<string> {
  const keys = join(directory, 'keys')
  await rotateKeys(keys)
  const file = join(keys, 'keyring.json')
  const { v, signing, seal } = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ v, signing: signing.slice(0, 1), seal: seal.slice(0, 1) }))
  vi.advanceTimersByTime(30_001)
  return signing[0].kid
}

it('a call is not sealed with a key that was taken out, though nothing was read since', async () => {
  const { shared, lelu } = await engine()
  await takeOut(shared.directory)
  const id = await suspended(lelu)
  const other = await testEngine(shared)
  expect(await other.approvals.get(id)).toMatchObject({ state: 'pending' })
})

it('nor is a signing key that was taken out shown to verifiers who come again', async () => {
  const { shared, lelu } = await engine()
  const kid = await takeOut(shared.directory)
  const shown = () => lelu.tokens.jwks().keys.map((key) => key.kid)
  await vi.waitFor(() => expect(shown()).toEqual([kid]), 10_000)
})

it('nor is the end of a call whose tool was at work since before', async () => {
  const { shared, lelu } = await engine()
  const id = await approved(lelu)
  const [begun, done] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()]
  const outcome = lelu.resume(id, () => {
    begun.resolve()
    return done.promise
  })
  await begun.promise
  await takeOut(shared.directory)
  done.resolve('done')
  await outcome
  const other = await testEngine(shared)
  expect(await other.approvals.get(id)).toMatchObject({ state: 'completed' })
  expect(await lelu.approvals.get(id)).toMatchObject({ state: 'completed' })
})
