import { Keyv } from 'keyv'
import { expect, it } from 'vitest'
import { fromKeyv } from '../../src/index.ts'
import { bob, suspended, testEngine, trade } from '../support.ts'

/** An engine, and what it has asked its store until its tool ran. */
async function askingEngine() {
  const store = fromKeyv(new Keyv())
  const asked: string[] = []
  const counting = new Proxy(store, {
    get(target, name: keyof typeof store) {
      const member = target[name]
      // Hints of what is logged are told behind the answer, and hold nobody up.
      if (typeof member !== 'function' || name === 'open' || name === 'markAudited') return member
      return (...given: never[]) => {
        asked.push(name)
        return (member as (...all: never[]) => unknown).apply(target, given)
      }
    },
  })
  const lelu = await testEngine({
    store: {
      store: { [Symbol.for('lelu.approval-store')]: counting },
      get: async () => undefined,
    } as never,
  })
  /** What is asked in this, up to the moment in which its tool runs. */
  async function untilRun(run: (tool: () => void) => Promise<{ status: string }>) {
    asked.length = 0
    let before: string[] = []
    const { status } = await run(() => {
      before = [...asked]
    })
    expect(status).toBe('executed')
    return before
  }
  return { lelu, untilRun }
}

const signal = { method: 'external', trust: 'adapter', value: 0.97, score: null } as const
const { confidence: _none, ...unread } = trade(0.97, {}, { run: 'run-1' })

it('a call of a run asks the store one question before it runs', async () => {
  const { lelu, untilRun } = await askingEngine()
  const sure = trade(0.97, { id: 'call-2' }, { run: 'run-1' })
  expect(await untilRun((tool) => lelu.guard(sure, tool))).toEqual(['findByCall'])
  const read = { confidence: () => signal }
  expect(await untilRun((tool) => lelu.guard(unread, tool, read))).toEqual(['findByCall'])
})

it('an approved call is read once before it runs, by its id or by its name in the run', async () => {
  const { lelu, untilRun } = await askingEngine()
  const approve = (id: string) => lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
  const byId = await suspended(lelu, { id: 'call-1' }, { run: 'run-1' })
  await approve(byId)
  expect(await untilRun((tool) => lelu.resume(byId, tool))).toEqual(['get', 'watermarks', 'swap'])

  await approve(await suspended(lelu, { id: 'call-2' }, { run: 'run-1' }))
  const named = trade(0.85, { id: 'call-2' }, { run: 'run-1' })
  expect(await untilRun((tool) => lelu.guard(named, tool))).toEqual([
    ...['findByCall', 'watermarks', 'swap'],
  ])
})
