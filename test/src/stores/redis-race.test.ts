import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { type RedisServer, startRedis } from '@lelu/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProcess } from '../support/processes.ts'
import { freshId, rowOf } from './contract.ts'
import { names } from './redis/clients.ts'
import { skipped, storeOf, withRedis } from './redis/support.ts'
import type { RaceOrder } from './redis/worker.ts'

const rounds = 100
const claimers = 25
const worker = new URL('./redis/worker.ts', import.meta.url)

let server: RedisServer
beforeAll(async () => {
  if (withRedis) server = await startRedis()
})
afterAll(() => server?.stop())

type Racer = { child: ChildProcess; swap(order: RaceOrder): Promise<string[]> }

/** A racer that dies must fail the test at once, not hang it. */
async function startRacer(name: string, wrongMs = 0): Promise<Racer> {
  const child = startProcess(worker, [name, server.url, `${wrongMs}`])
  let errors = ''
  child.stderr?.on('data', (data) => {
    errors += data
  })
  const died = once(child, 'exit').then(() => Promise.reject(new Error(`a racer died: ${errors}`)))
  died.catch(() => {}) // it is killed when the test ends
  const next = async () => ((await Promise.race([once(child, 'message'), died])) as unknown[])[0]
  await next()
  return {
    child,
    async swap(order) {
      const answer = next()
      child.send(order)
      return (await answer) as string[]
    },
  }
}

describe.skipIf(!withRedis).each(names)(`two processes over %s${skipped}`, (name) => {
  it(`have one winner of ${2 * claimers} swaps in each of ${rounds} rounds`, async () => {
    const store = storeOf(name, server.url)
    const racers = await Promise.all([startRacer(name), startRacer(name)])
    const id = freshId()
    await store.create(rowOf(id))
    for (let rev = 1; rev <= rounds; rev += 1) {
      const orders = racers.map((_, racer) =>
        Array.from({ length: claimers }, (_, n) =>
          rowOf(id, { rev: rev + 1, attempt: `${rev}/${racer}/${n}` }),
        ),
      )
      const answers = await Promise.all(
        racers.map((racer, index) => racer.swap({ rev, rows: orders[index] ?? [] })),
      )
      const all = answers.flat()
      expect(all.filter((swapped) => swapped === 'done')).toHaveLength(1)
      expect(all.filter((swapped) => swapped === 'conflict')).toHaveLength(2 * claimers - 1)
      const winner = orders.flat()[all.indexOf('done')]
      expect((await store.get(id))?.attempt).toBe(winner?.attempt)
    }
  })

  it('go by the clock of the server, however wrong their own is', async () => {
    const store = storeOf(name, server.url)
    const hour = 3_600_000
    const [slow, fast] = await Promise.all([startRacer(name, -hour), startRacer(name, hour)])
    const id = freshId()
    await store.create(rowOf(id))
    const now = (await store.clock?.()) ?? Number.NaN
    const rows = [rowOf(id, { rev: 2 })]
    // Ten minutes after the deadline, which the slow one believes to be far away.
    expect(await slow.swap({ rev: 1, rows, window: { before: now - 600_000 } })).toEqual(['late'])
    // Ten minutes before it may be, which the fast one believes to be long over.
    const notBefore = now + 600_000
    expect(await fast.swap({ rev: 1, rows, window: { notBefore } })).toEqual(['early'])
    expect((await store.get(id))?.rev).toBe(1)
    // Neither is kept from what is allowed.
    expect(await fast.swap({ rev: 1, rows, window: { before: notBefore } })).toEqual(['done'])
  })
})
