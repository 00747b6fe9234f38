import type { ModelMessage } from 'ai'
import { expect, test } from 'vitest'
import { openCalls } from '../src/history.ts'
import { placeOf } from '../src/place.ts'

const asks = (toolCallId: string, approvalId?: string): ModelMessage => ({
  role: 'assistant',
  content: [
    { type: 'tool-call', toolCallId, toolName: 'trade', input: {} },
    ...(approvalId === undefined
      ? []
      : [{ type: 'tool-approval-request' as const, approvalId, toolCallId }]),
  ],
})

type ToolParts = Extract<ModelMessage, { role: 'tool' }>['content']
const tool = (...content: ToolParts): ModelMessage => ({ role: 'tool', content })
const answers = (approvalId: string, approved = true): ToolParts[number] => ({
  type: 'tool-approval-response',
  approvalId,
  approved,
})
const result = (toolCallId: string): ToolParts[number] => ({
  type: 'tool-result',
  toolCallId,
  toolName: 'trade',
  output: { type: 'text', value: 'done' },
})

test('a call has the same name when it is decided and when it is resumed', () => {
  const before = [asks('call_0', 'r0'), tool(answers('r0'), result('call_0'))]
  expect(placeOf([], 'call_0')).toEqual({ id: 'call_0#0', resumed: false })
  expect(placeOf(before, 'call_0')).toEqual({ id: 'call_0#1', resumed: false })
  const resumed = [...before, asks('call_0', 'r1'), tool(answers('r1'))]
  expect(placeOf(resumed, 'call_0')).toEqual({ id: 'call_0#1', resumed: true })
  expect(openCalls([...before, asks('call_0', 'r1')])).toMatchObject([
    { id: 'call_0#1', toolCallId: 'call_0', approvalId: 'r1', index: 2, abandoned: false },
  ])
})

test('a call counts as resumed where the SDK itself would resume it, and nowhere else', () => {
  const resumed = (...messages: ModelMessage[]) => placeOf(messages, 'a').resumed
  const both = [asks('a', 'ra'), asks('b', 'rb')]
  expect(resumed(...both, tool(answers('ra')))).toBe(true)
  expect(resumed(...both, tool(answers('ra', false)))).toBe(false)
  expect(resumed(...both, tool(answers('rb')))).toBe(false)
  expect(resumed(...both, tool(answers('ra'), result('a')))).toBe(false)
  expect(resumed(...both, tool(answers('ra')), tool(result('b')))).toBe(false)
  expect(resumed(...both, tool(answers('ra')), { role: 'user', content: 'Go.' })).toBe(false)
  // The last request of an id counts, as for the SDK.
  expect(resumed(asks('a', 'r'), asks('b', 'r'), tool(answers('r')))).toBe(false)
})

test('an open call is one without a result of its own, whatever later calls share its id', () => {
  const open = (...messages: ModelMessage[]) => openCalls(messages).map(({ id }) => id)
  expect(open(asks('a', 'r'), tool(result('a')))).toEqual([])
  expect(open(asks('a', 'r'), tool(result('b')))).toEqual(['a#0'])
  expect(open(asks('a', 'r0'), asks('a', 'r1'), tool(result('a')))).toEqual(['a#0'])
  expect(open(asks('a'))).toEqual([])
})

test('a history that a client broke is read as far as it goes', () => {
  const broken = [
    { role: 'assistant', content: [null, { type: 'tool-approval-request', approvalId: 7 }] },
    { role: 'tool', content: [null] },
  ] as unknown as ModelMessage[]
  expect(placeOf(broken, 'a')).toEqual({ id: 'a#0', resumed: false })
  expect(openCalls(broken)).toEqual([])
})

test('a history that grew in place is read again', () => {
  const messages = [asks('a', 'ra')]
  expect(placeOf(messages, 'a')).toEqual({ id: 'a#1', resumed: false })
  messages.push(tool(result('b')))
  expect(placeOf(messages, 'a')).toEqual({ id: 'a#1', resumed: false })
  const last = messages.at(-1)?.content as ToolParts
  last.push(answers('ra'))
  expect(placeOf(messages, 'a')).toEqual({ id: 'a#0', resumed: true })
  messages.push(asks('a'))
  expect(placeOf(messages, 'a')).toEqual({ id: 'a#2', resumed: false })
})

test('a client that sends thousands of calls has its history read through once, not once for each', () => {
  let reads = 0
  const counted = <T extends ModelMessage>(message: T): T => ({
    ...message,
    get role() {
      reads += 1
      return message.role
    },
  })
  const names = Array.from({ length: 2000 }, (_, index) => `c${index}`)
  const asked = names.map((name) => counted(asks(name, `r-${name}`)))
  expect(openCalls(asked)).toHaveLength(2000)
  expect(reads).toBeLessThan(20 * names.length)
  reads = 0
  const woken = [...asked, counted(tool(...names.map((name) => answers(`r-${name}`))))]
  for (const name of names) expect(placeOf(woken, name).resumed).toBe(true)
  expect(reads).toBeLessThan(20 * names.length)
})

test('a client that adds thousands of requests to one call has no list copied for each', () => {
  const requests = Array.from({ length: 2000 }, (_, index) => ({
    type: 'tool-approval-request' as const,
    approvalId: `r${index}`,
    toolCallId: 'a',
  }))
  const [first] = asks('a', 'r0').content as ToolParts
  const message = { role: 'assistant', content: [first, ...requests] } as ModelMessage
  const answer = tool(answers('r1999'))
  const own = Array.prototype[Symbol.iterator]
  let copies = 0
  const counted = function (this: unknown[]) {
    copies += 1
    return Reflect.apply(own, this, [])
  }
  const iterator = { value: counted, writable: true, configurable: true }
  Object.defineProperty(Array.prototype, Symbol.iterator, iterator)
  const found = openCalls([message, answer])
  Object.defineProperty(Array.prototype, Symbol.iterator, { ...iterator, value: own })
  expect(found).toMatchObject([{ approvalId: 'r0', answered: true }])
  expect(copies).toBeLessThan(100)
})
