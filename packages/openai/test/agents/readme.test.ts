import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as agents from '../../src/agents/index.ts'
import { calling, ScriptedModel } from './model.ts'
import { openChat } from './readme-example.ts'
import { approveAll, createTools, openLelu, temporaryFolder } from './support.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const readme = read('../../README.md')

const reviewed = calling({ id: 'call_0', tool: 'reviewed', input: { amount: 5 } })
const context = { chat: 'chat-1', user: 'alice' }

test('the README shows the example of the Agents SDK as it compiles', () => {
  expect(readme).toContain(read('./readme-example.ts').trim())
})

test('the README names every function of the entry for the Agents SDK', () => {
  const functions = Object.entries(agents).filter(
    ([name, value]) => typeof value === 'function' && !/Lelu/.test(name),
  )
  expect(functions.length).toBe(5)
  for (const [name] of functions) expect(readme).toContain(`\`${name}(`)
})

test('the example suspends, resumes in a new process, and cancels what the user left behind', async () => {
  const lelu = await openLelu()
  const tools = createTools(temporaryFolder())
  // A new agent each time, as in another process.
  const open = (...steps: ConstructorParameters<typeof ScriptedModel>) =>
    openChat(lelu, new ScriptedModel(...steps), tools)

  const first = await open(reviewed).ask('Buy.', context)
  expect(first.pending).toMatchObject([{ tool: 'reviewed', callId: 'call_0' }])
  const { approvals } = await lelu.approvals.list()
  expect(approvals[0]?.request.subject.actingFor).toMatchObject({ id: 'alice' })
  await approveAll(lelu)
  const resumed = await open().resume(first.state ?? '', context)
  expect(resumed).toEqual({ answer: 'Finished.', pending: [] })

  const second = await open(reviewed).ask('Buy again.', context)
  expect(second.pending).toHaveLength(1)
  const third = await open().ask('Never mind.', context, second.state)
  expect(third).toEqual({ answer: 'Finished.', pending: [] })
  const states = (await lelu.approvals.list()).approvals.map(({ state }) => state)
  expect(states.sort()).toEqual(['cancelled', 'completed'])
})
