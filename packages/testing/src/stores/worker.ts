// A process that shares a store with others: worker.ts SETUP, which is JSON. Reads orders from stdin, a line each, and
// writes replies to stdout; ends with its stdin.

import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { createInterface } from 'node:readline'
import { type ApprovalStore, fromKeyv, type StoredState } from '@lelu/engine'
import type { StoreHarness } from './harness.ts'
import { openPlayer } from './player.ts'
import type { Halt, HaltPoint, Order, WorkerLine, WorkerSetup } from './protocol.ts'

const setup: WorkerSetup = JSON.parse(process.argv[2] ?? '')
const exported = (await import(setup.module)) as Record<string, StoreHarness>
const harness = Object.values(exported).find((candidate) => candidate?.name === setup.harness)
if (harness === undefined) throw new Error(`${setup.module} exports no harness ${setup.harness}`)

let halt: Halt | undefined
let hidesRevocations = false

// Synchronous: what was said before a SIGKILL must have arrived.
function say(line: WorkerLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(1, bytes, written)
    } catch (error) {
      // The pipe is full: whoever reads it is about to.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

function reach(point: HaltPoint): void {
  if (halt?.at !== point) return
  const { signal } = halt
  halt = undefined
  say({ note: 'halted' })
  process.kill(process.pid, signal)
}

const words: { [state in StoredState]?: 'approval' | 'claim' | 'record' } = {
  approved: 'approval',
  executing: 'claim',
  completed: 'record',
}

/** The driver, with a place to halt before and after each write, and with revocations that can be hidden. */
function haltingDriver(driver: ApprovalStore): ApprovalStore {
  const steps: Pick<ApprovalStore, 'create' | 'findByCall' | 'swap' | 'watermarks'> = {
    async create(row) {
      const answer = await driver.create(row)
      reach('after-suspension')
      return answer
    },
    async swap(rev, next, window) {
      const word = words[next.state]
      if (word === 'claim') reach('before-claim')
      const swapped = await driver.swap(rev, next, window)
      if (word !== undefined && swapped === 'done') reach(`after-${word}`)
      return swapped
    },
    async findByCall(tenant, idem, scopes = []) {
      if (hidesRevocations && scopes.length > 0) throw new Error('revocations cannot be read')
      return driver.findByCall(tenant, idem, scopes)
    },
    async watermarks(scopes) {
      if (hidesRevocations) throw new Error('revocations cannot be read')
      return driver.watermarks(scopes)
    },
  }
  return Object.assign(Object.create(driver) as ApprovalStore, steps)
}

const keyv = await harness.openKeyv(setup.place)
const halting = haltingDriver(fromKeyv(keyv, { deadlineMs: setup.deadlineMs }))
const store = {
  store: { [Symbol.for('lelu.approval-store')]: halting },
  get: (key: string) => keyv.get(key),
}
const player = await openPlayer(setup, store, reach)
const lines = createInterface({ input: process.stdin })
lines.on('line', async (line) => {
  const { n, order } = JSON.parse(line) as { n: number; order: Order }
  if (order.halt !== undefined) halt = order.halt
  hidesRevocations = order.hidesRevocations === true
  const reply = await player.play(order)
  hidesRevocations = false
  say({ n, reply })
})
lines.on('close', async () => {
  await player.close().catch(() => {})
  // A client whose server is gone may never come back from this.
  await Promise.race([
    keyv.disconnect().catch(() => {}),
    new Promise((late) => setTimeout(late, 500)),
  ])
  process.exit(0)
})
say({ note: 'ready' })
// Now, for a process that is killed leaves nothing to the next one.
flushCompileCache()
