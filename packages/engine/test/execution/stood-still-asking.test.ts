import { join } from 'node:path'
import { Keyv } from 'keyv'
import { expect, it, onTestFinished, vi } from 'vitest'
import { approvalDriver, sqliteStore } from '../../src/store/sqlite-keyv.ts'
import { approved, temporaryFolder, testClock, testEngine, trade } from '../support.ts'

/** A store on one file, which tells of each question once it has the answer in hand. */
function watchedStore(path: string, onAnswer: (question: 'call' | 'marks') => Promise<void>): Keyv {
  const adapter = sqliteStore({ path })
  const driver = adapter[approvalDriver]
  const watched = Object.create(driver, {
    findByCall: {
      value: async (...given: Parameters<typeof driver.findByCall>) => {
        const answer = await driver.findByCall(...given)
        await onAnswer('call')
        return answer
      },
    },
    watermarks: {
      value: async (scopes: readonly string[]) => {
        const answer = await driver.watermarks(scopes)
        await onAnswer('marks')
        return answer
      },
    },
  })
  return new Keyv({ store: { ...adapter, [approvalDriver]: watched } })
}

/** An engine whose process stands still with an answer in hand while another one is told to stop everything. */
async function standingAt(question: 'call' | 'marks', stillMs: number) {
  const clock = testClock()
  vi.useFakeTimers({ toFake: ['Date'], now: clock.now() })
  onTestFinished(() => void vi.useRealTimers())
  const directory = temporaryFolder()
  const path = join(directory, 'approvals.db')
  const other = await testEngine({
    directory,
    store: new Keyv({ store: sqliteStore({ path }) }),
    now: clock.now,
  })
  let armed = false
  const store = watchedStore(path, async (answered) => {
    if (!armed || answered !== question) return
    armed = false
    await other.killSwitch.stop({ all: true })
    clock.advance(stillMs)
    vi.setSystemTime(clock.now())
  })
  const lelu = await testEngine({ directory, store, now: clock.now })
  const arm = () => {
    armed = true
  }
  return { lelu, other, arm }
}

const stops = [
  ['for a minute', 60_000],
  // By less than its tokens tolerate: the one of this very moment is on its way to be verified.
  ['while its clock is set back', -2000],
] as const

it.each(stops)(
  'an allowed call of a process that stands still (%s) with the first answer in hand is stopped',
  async (_how, stillMs) => {
    const { lelu, arm } = await standingAt('call', stillMs)
    const tool = vi.fn()
    arm()
    expect(await lelu.guard(trade(0.97, {}, { run: 'run-1' }), tool)).toMatchObject({
      status: 'denied',
      decision: { reasons: [{ id: 'stopped' }] },
    })
    expect(tool).not.toHaveBeenCalled()
  },
)

it.each(stops)(
  'and so is an approved one, behind its question of who is stopped (%s)',
  async (_how, stillMs) => {
    const { lelu, other, arm } = await standingAt('marks', stillMs)
    const id = await approved(other)
    const tool = vi.fn()
    arm()
    expect(await lelu.resume(id, tool)).toMatchObject({
      status: 'denied',
      decision: { reasons: [{ id: 'stopped' }] },
    })
    expect(tool).not.toHaveBeenCalled()
  },
)
