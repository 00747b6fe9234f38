import { Keyv } from 'keyv'
import { expect, test, vi } from 'vitest'
import { fromKeyv, type Lelu } from '../../src/index.ts'
import { inTurn } from '../../src/standing/in-turn.ts'
import { approved, testEngine } from '../support.ts'
import { asked, statusOf, terms } from './support.ts'

const many = <T>(count: number, ask: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => ask(n)))

// Each lost against all others, again and again: of 200 calls 66 ran, and the others asked a person.
test('a grant lets as many calls at once run as it has uses', async () => {
  const lelu = await testEngine()
  await lelu.grants.create(await approved(lelu, {}, { run: 'run-1' }), { ...terms, maxUses: 100 })
  const all = await many(120, () => statusOf(lelu))
  expect(all.filter((status) => status === 'executed')).toHaveLength(100)
  expect(all.filter((status) => status === 'suspended')).toHaveLength(20)
})

test('of a store that does not answer all who wait for a use hear at once, and none runs', async () => {
  const store = new Keyv()
  const lelu = await testEngine({ store, storeDeadlineMs: 200 })
  await lelu.grants.create(await approved(lelu, {}, { run: 'run-1' }), terms)
  const swap = vi.spyOn(fromKeyv(store), 'swap').mockImplementation(() => new Promise(() => {}))
  const tool = vi.fn()
  const told = await many(20, () =>
    lelu.guard(asked(), tool).catch((error: unknown) => (error as { code: string }).code),
  )
  expect(told).toEqual(Array(20).fill('LELU_STORE_UNAVAILABLE'))
  expect(swap).toHaveBeenCalledOnce()
  expect(tool).not.toHaveBeenCalled()
  swap.mockRestore()
  expect(await statusOf(lelu)).toBe('executed')
})

test.each<[string, (lelu: Lelu) => Promise<unknown>]>([
  ['stopped', (lelu) => lelu.killSwitch.stop({ agent: 'trader-1' })],
  ['revoked', (lelu) => lelu.tokens.revoke({ agent: 'trader-1' })],
])('a call whose agent is %s while it waits for its turn does not run', async (_what, end) => {
  const store = new Keyv()
  const lelu = await testEngine({ store })
  await lelu.grants.create(await approved(lelu, {}, { run: 'run-1' }), terms)
  const driver = fromKeyv(store)
  const { swap, findByCall } = driver
  const [held, taking] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  vi.spyOn(driver, 'swap').mockImplementationOnce(async (...given) => {
    taking.resolve()
    await held.promise
    return swap(...given)
  })
  const first = statusOf(lelu)
  await taking.promise
  const found = vi.spyOn(driver, 'findByCall').mockImplementation(findByCall)
  const second = statusOf(lelu)
  // Its call, then the grant: from here on it waits.
  await vi.waitFor(() => expect(found).toHaveBeenCalledTimes(2))
  await end(lelu)
  held.resolve()
  expect([await first, await second]).toEqual(['executed', 'suspended'])
})

test('one key does not wait for another', async () => {
  const held = Promise.withResolvers<string>()
  const first = inTurn('a', () => held.promise)
  expect(await inTurn('b', async (waited) => waited)).toBe(false)
  const second = inTurn('a', async (waited) => waited)
  held.resolve('done')
  expect(await Promise.all([first, second])).toEqual(['done', true])
  expect(await inTurn('a', async (waited) => waited)).toBe(false)
})
