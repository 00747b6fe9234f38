import { expect, test } from 'vitest'
import { readDefinitions } from '../../src/gateway/definition.ts'
import { lockText } from '../../src/gateway/lock.ts'
import { shownTool } from '../../src/gateway/shown-tool.ts'

const properties = { thought: { type: 'string' }, answer: { type: 'string' } }
const thinking = { name: 'think', inputSchema: { type: 'object', properties } }

test('a tool is shown with its properties in the order of its server, for a model writes them in that order', () => {
  const [pinned] = readDefinitions([thinking], () => {})
  if (pinned === undefined) throw new Error('left out')
  const shown = shownTool(
    'a__think',
    { server: 'a', endpoint: '', pinned, effect: 'read', trusted: false, field: undefined },
    async () => ({ kind: 'result', result: { content: [] } }),
  )
  expect(Object.keys(shown.inputSchema.properties as object)).toEqual(['thought', 'answer'])
})

test('and the order is no part of what is pinned', () => {
  const { thought, answer } = properties
  const other = { ...thinking, inputSchema: { properties: { answer, thought }, type: 'object' } }
  const [locks, digests] = [new Set<string>(), new Set<string>()]
  for (const tool of [thinking, other]) {
    const pins = readDefinitions([tool], () => {}).map((pin) => [pin.definition.name, pin] as const)
    locks.add(lockText(new Map([['a', new Map(pins)]])))
    digests.add(String(pins[0]?.[1].sha256))
  }
  expect([locks.size, digests.size]).toEqual([1, 1])
})

test('a tool that runs as a task only is left out, and that is said: a call of it could only fail', () => {
  const told: string[] = []
  const tools = ['required', 'optional', 'forbidden'].map((taskSupport) => ({
    ...thinking,
    name: taskSupport,
    execution: { taskSupport },
  }))
  const read = readDefinitions(tools, (sentence) => told.push(sentence))
  expect(read.map(({ definition }) => definition.name)).toEqual(['optional', 'forbidden'])
  expect(told).toEqual([expect.stringMatching(/^a tool is left out: it runs as a task only/)])
})
