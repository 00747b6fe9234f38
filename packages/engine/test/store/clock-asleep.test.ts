import { type AuditLog, openAuditLog } from '@lelu/audit'
import { expect, it, onTestFinished, vi } from 'vitest'
import { storeClock } from '../../src/store/clock.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { newKeyRing } from '../../src/tokens/key-ring.ts'
import { approved, suspended, temporaryFolder, testEngine } from '../support.ts'

const hour = 3_600_000
const told = 1_700_000_000_000

/** While a machine sleeps its monotonic clock stands still (CLOCK_MONOTONIC), its wall clock and the database do not. */
function sleeper() {
  let slept = 0
  const [wall, steady] = [Date.now(), performance.now()]
  const clock = vi.spyOn(Date, 'now')
  onTestFinished(() => clock.mockRestore())
  clock.mockImplementation(() => wall + performance.now() - steady + slept)
  return {
    sleep(ms: number) {
      slept += ms
    },
    passed: () => performance.now() - steady + slept,
  }
}

it('the clock of a database is not behind it when the machine wakes up', async () => {
  const machine = sleeper()
  const clock = storeClock({ clock: async () => told + machine.passed() } as never, () => 0, 5000)
  await clock.refresh()
  const since = clock.earliest()
  machine.sleep(hour)
  expect(clock.now()).toBeGreaterThanOrEqual(told + hour)
  expect(clock.latest()).toBeGreaterThanOrEqual(told + hour)
  // It was asked again: what is allowed from now on is dated by the database.
  await vi.waitFor(() => expect(clock.earliest()).toBeGreaterThanOrEqual(since + hour))
})

/** Engines over one database, on a machine that sleeps. */
async function asleep(options: object = {}) {
  const machine = sleeper()
  const driver = Object.assign(memoryStore(), { clock: async () => told + machine.passed() })
  const adapter = { [Symbol.for('lelu.approval-store')]: driver }
  const store = { store: adapter, get: async () => undefined } as never
  const shared = { keys: newKeyRing(0), store, ...options }
  return {
    machine,
    lelu: await testEngine(shared),
    engine: (more: object) => testEngine({ ...shared, ...more }),
  }
}

it('gives reviewers their time for a call that is suspended right behind the sleep', async () => {
  const { machine, lelu } = await asleep({ approveWithinMs: hour })
  machine.sleep(2 * hour)
  const id = await suspended(lelu)
  await new Promise(setImmediate)
  expect((await lelu.approvals.get(id)).state).toBe('pending')
})

it('asks again who was stopped while the machine slept between a claim and its tool', async () => {
  const { machine, lelu, engine } = await asleep()
  const audit = await openAuditLog({ directory: temporaryFolder(), keys: temporaryFolder() })
  onTestFinished(() => audit.close())
  const log: AuditLog = Object.create(audit, {
    append: {
      value: async (...given: Parameters<AuditLog['append']>) => {
        const receipt = await audit.append(...given)
        if (given[0].kind !== 'decision' || given[0].refs?.approval === undefined) return receipt
        machine.sleep(10_000) // less than after which the log begins a new stream
        await lelu.killSwitch.stop({ all: true })
        return receipt
      },
    },
  })
  const id = await approved(lelu)
  const tool = vi.fn()
  const sleeping = await engine({ audit: log })
  expect(await sleeping.resume(id, tool)).toMatchObject({ status: 'denied' })
  expect(tool).not.toHaveBeenCalled()
})
