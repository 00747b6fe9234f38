import { createLelu, type Lelu, type LeluOptions } from '@lelu/engine'
import { type RedisServer, startRedis } from '@lelu/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { policies, tradeOf } from '../crash/scenario.ts'
import { testCache } from '../support/cache.ts'
import { temporaryFolder } from '../support/processes.ts'
import { freshId } from './contract.ts'
import { names } from './redis/clients.ts'
import { consoleOf, keyvOf, serverOf, skipped, untilReady, withRedis } from './redis/support.ts'

let shared: RedisServer
beforeAll(async () => {
  if (withRedis) shared = await startRedis()
})
afterAll(() => shared?.stop())

const reviewer = { id: 'bob', issuer: 'test', method: 'test' }

async function engineOf(options: Partial<LeluOptions>): Promise<Lelu> {
  const directory = temporaryFolder()
  const lelu = await createLelu({
    directory,
    policies,
    cache: testCache,
    storeDeadlineMs: 20_000,
    ...options,
  })
  onTestFinished(() => lelu.close())
  return lelu
}

async function suspended(lelu: Lelu, run = 'run-1'): Promise<string> {
  const outcome = await lelu.guard({ ...tradeOf('non_idempotent'), run }, () => 'never')
  if (outcome.status !== 'suspended') throw new Error(outcome.status)
  return outcome.approval.id
}

async function approved(lelu: Lelu, run = 'run-1'): Promise<string> {
  const id = await suspended(lelu, run)
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  return id
}

const unavailable = expect.objectContaining({ code: 'LELU_STORE_UNAVAILABLE' })

describe.skipIf(!withRedis).each(names)(`an engine over %s${skipped}`, (name) => {
  it('runs an approved call once, for whichever engine on the server asks', async () => {
    const { url } = await serverOf()
    const directory = temporaryFolder()
    const one = await engineOf({ store: keyvOf(name, url), directory })
    const id = await approved(one)
    await one.close()
    const other = await engineOf({ store: keyvOf(name, url), directory })
    const tool = vi.fn(() => 'bought')
    expect(await other.resume(id, tool)).toMatchObject({ status: 'executed' })
    expect(await other.resume(id, tool)).toMatchObject({ status: 'executed', replayed: true })
    expect(tool).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['attempt', 'somebody'],
    ['body', '{}'],
    ['createdAt', '1'],
    ['idem', 'another call'],
    ['rev', '1'],
    ['seal', 'made up'],
    ['state', 'pending'],
    ['tenant', 'another'],
  ])('refuses a row whose %s was altered by hand', async (field, value) => {
    const namespace = freshId()
    const lelu = await engineOf({ store: keyvOf(name, shared.url, namespace) })
    const id = await approved(lelu)
    const command = await consoleOf(shared.url)
    const key = `{lelu}:"${namespace}":row:${id}`
    expect(await command('HSET', key, field, value)).toBe(0)
    const tool = vi.fn()
    const altered = { code: 'LELU_APPROVAL_ALTERED' }
    await expect(lelu.resume(id, tool)).rejects.toMatchObject(altered)
    await command('HDEL', key, field)
    await expect(lelu.resume(id, tool)).rejects.toMatchObject(altered)
    expect(tool).not.toHaveBeenCalled()
  })

  it('runs nothing while the server stands still, answers within its deadline and goes on afterwards', async () => {
    const server = await serverOf()
    const lelu = await engineOf({ store: keyvOf(name, server.url), storeDeadlineMs: 1500 })
    const ready = await approved(lelu)
    const waiting = await suspended(lelu, 'run-2')
    const { token } = await lelu.tokens.mint(ready)
    server.pause()
    const tool = vi.fn()
    const begun = performance.now()
    const asked = await Promise.allSettled([
      lelu.guard({ ...tradeOf('non_idempotent'), run: 'run-3' }, tool),
      lelu.resume(ready, tool),
      lelu.tokens.introspect(token),
      lelu.approvals.review(waiting, { verdict: 'approve', reviewer }),
      lelu.approvals.list({}),
    ])
    expect(performance.now() - begun).toBeLessThan(9000)
    expect(asked.map((one) => one.status === 'rejected' && one.reason)).toEqual(
      asked.map(() => unavailable),
    )
    expect(tool).not.toHaveBeenCalled()
    server.resume()
    const { status } = await untilReady(() => lelu.resume(ready, () => 'bought'))
    expect(status).toBe('executed')
  })

  it('lives on when the server is killed, runs nothing without it, and goes on with it', async () => {
    const server = await serverOf()
    const lelu = await engineOf({ store: keyvOf(name, server.url), storeDeadlineMs: 1500 })
    const id = await approved(lelu)
    await server.kill()
    const tool = vi.fn()
    await expect(lelu.resume(id, tool)).rejects.toThrowError(unavailable)
    await expect(
      lelu.guard({ ...tradeOf('non_idempotent'), run: 'run-2' }, tool),
    ).rejects.toThrowError(unavailable)
    expect(tool).not.toHaveBeenCalled()
    await server.restart()
    expect((await untilReady(() => lelu.resume(id, () => 'bought'))).status).toBe('executed')
  })

  it('does not start without the server, and starts with it', async () => {
    const server = await serverOf()
    await server.kill()
    const keyv = keyvOf(name, server.url)
    await expect(engineOf({ store: keyv, storeDeadlineMs: 500 })).rejects.toThrowError(unavailable)
    await server.restart()
    const lelu = await untilReady(() => engineOf({ store: keyv }))
    await suspended(lelu)
  })

  it('lets nobody approve after the deadline, however slow the clock of his process is', async () => {
    const { url } = await serverOf()
    const directory = temporaryFolder()
    const lelu = await engineOf({ store: keyvOf(name, url), directory, approveWithinMs: 300 })
    const id = await suspended(lelu)
    await new Promise((next) => setTimeout(next, 400))
    const now = () => Date.now() - 3_600_000
    const slow = await engineOf({ store: keyvOf(name, url), directory, now })
    await expect(slow.approvals.review(id, { verdict: 'approve', reviewer })).rejects.toMatchObject(
      {
        code: 'LELU_APPROVAL_STATE',
      },
    )
    expect((await slow.approvals.get(id)).state).toBe('expired')
  })

  it('refuses a server that can lose what it answered, unless told otherwise', async () => {
    const { url } = await serverOf({ durable: false })
    const store = keyvOf(name, url)
    await expect(engineOf({ store })).rejects.toMatchObject({ code: 'LELU_STORE_UNSAFE' })
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warned.mockRestore())
    await suspended(await engineOf({ store: keyvOf(name, url), allowUnsafeStore: true }))
    expect(warned).toHaveBeenCalledWith(expect.anything(), { code: 'LELU_STORE_UNSAFE' })
  })
})
