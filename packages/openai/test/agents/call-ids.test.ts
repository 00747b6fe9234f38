import { expect, test } from 'vitest'
import { calling } from './model.ts'
import { agentWith, answersOf, approveAll, openLelu, temporaryFolder } from './support.ts'

// Models of local servers give every call the id `call_0`.
const reviewed = (amount: number) => calling({ id: 'call_0', tool: 'reviewed', input: { amount } })

test('in one run the SDK itself takes no second call with the same id: nothing runs for it', async () => {
  const lelu = await openLelu()
  const directory = temporaryFolder()
  const same = await agentWith({ lelu, directory, steps: [reviewed(5), reviewed(5)] })
  const asked = await same.ask()
  await approveAll(lelu)
  const done = await same.resume(asked.state.toString())
  expect(answersOf(done)).toEqual([{ id: 'call_0', text: 'reviewed did 5' }])
  expect(same.ran()).toHaveLength(1)

  const other = await agentWith({ lelu, run: 'two', directory, steps: [reviewed(5), reviewed(6)] })
  const again = await other.ask()
  await approveAll(lelu)
  await expect(other.resume(again.state.toString())).rejects.toThrow('reused')
  expect(other.ran()).toHaveLength(2)
})

test('the same id and input in a second run of the conversation is a new decision', async () => {
  const lelu = await openLelu()
  const directory = temporaryFolder()
  const one = await agentWith({ lelu, directory, steps: [reviewed(5)] })
  const first = (await one.ask()).state.toString()
  await approveAll(lelu)
  await one.resume(first)
  const two = await agentWith({ lelu, directory, steps: [reviewed(5)] })
  const second = await two.ask()
  expect(await two.pending(second)).toHaveLength(1)
  expect(two.ran()).toHaveLength(1)
  await approveAll(lelu)
  await two.resume(second.state.toString())
  expect(two.ran()).toHaveLength(2)
  // The first run once more: it is answered, and nothing runs.
  await one.resume(first)
  expect(two.ran()).toHaveLength(2)
})

test('while the first waits, a second run with the same id and input waits for the same approval', async () => {
  const lelu = await openLelu()
  const directory = temporaryFolder()
  const one = await agentWith({ lelu, directory, steps: [reviewed(5)] })
  const two = await agentWith({ lelu, directory, steps: [reviewed(5)] })
  const [first, second] = [await one.ask(), await two.ask()]
  expect(await two.pending(second)).toEqual(await one.pending(first))
  expect(await approveAll(lelu)).toBe(1)
  await one.resume(first.state.toString())
  await two.resume(second.state.toString())
  expect(two.ran()).toHaveLength(1)
})

test('the same id with another input in a second run is another call', async () => {
  const lelu = await openLelu()
  const directory = temporaryFolder()
  const one = await agentWith({ lelu, directory, steps: [reviewed(5)] })
  await one.ask()
  await approveAll(lelu)
  const two = await agentWith({ lelu, directory, steps: [reviewed(6)] })
  const asked = await two.ask()
  const waiting = await two.pending(asked)
  expect(waiting).toHaveLength(1)
  expect(await two.pending(await two.resume(asked.state.toString()))).toEqual(waiting)
  expect(two.ran()).toEqual([])
})

test('of two calls of one step with the same id and input one runs', async () => {
  const { ask, resume, ran, lelu } = await agentWith({ steps: [[...reviewed(5), ...reviewed(5)]] })
  const { state } = await ask()
  expect(await approveAll(lelu)).toBe(1)
  await resume(state.toString())
  expect(ran()).toHaveLength(1)
})

test('calls that the policy allows are decided in every run, whatever their ids', async () => {
  const lelu = await openLelu()
  const directory = temporaryFolder()
  const allowed = calling({ id: 'call_0', tool: 'allowed', input: { amount: 1 } })
  for (const count of [1, 2]) {
    const { ask, ran } = await agentWith({ lelu, directory, steps: [allowed] })
    await ask()
    expect(ran()).toHaveLength(count)
  }
})
