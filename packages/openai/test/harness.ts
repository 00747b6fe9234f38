import { invalidInputText } from '@lelu/engine/adapter'
import type { AdapterHarness, Answer, Capabilities, World } from '@lelu/testing'
import { zodResponsesFunction } from 'openai/helpers/zod'
import type {
  ChatCompletionMessageParam,
  ChatCompletionToolMessageParam,
} from 'openai/resources/chat/completions'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import type { AnsweredResponse } from '../src/index.ts'
import { conversationOf, type Driver, type Go, zodTool } from './conversation.ts'

type Chat = { messages: ChatCompletionMessageParam[] }
type Items = { items: ResponseInputItem[]; response: AnsweredResponse | null }

const capabilities: Capabilities = {
  suspends: true,
  resumesOneByOne: true,
  forgeable: false,
  waitsAgain: true,
  outlivesForgery: true,
  rawArguments: true,
  unknownTools: true,
  abortable: true,
  abortEndsWaiting: true,
  reusesIds: true,
  // A streamed answer is put together by the SDK before Lelu is handed it: see streaming.test.ts.
  streams: false,
  // The loop is the app's own: the SDK knows no agent that could be the tool of another.
  nests: false,
  unnamed: true,
}

const model = 'gpt-test'

/** What an app without Lelu would write: the SDK has no loop that answers for a tool that fails. */
async function answerBare({ tools }: World, name: string, text: string): Promise<string> {
  const tool = tools.map(zodTool).find((one) => one.function.name === name)
  if (tool?.$callback === undefined) return ''
  let input: Parameters<typeof tool.$callback>[0]
  try {
    input = tool.$parseRaw(text)
  } catch {
    return invalidInputText(name)
  }
  try {
    return String(await tool.$callback(input))
  } catch (error) {
    return (error as Error).message
  }
}

function chatAnswers(messages: readonly ChatCompletionMessageParam[]): Answer[] {
  const calls = messages.flatMap((one) => (one.role === 'assistant' && one.tool_calls) || [])
  return messages.flatMap((one) => {
    if (one.role !== 'tool') return []
    const call = calls.find(({ id }) => id === one.tool_call_id)
    const tool = call?.type === 'function' ? call.function.name : ''
    return [{ id: one.tool_call_id, tool, text: String(one.content) }]
  })
}

const signalOf = ({ signal }: World) => (signal === undefined ? {} : { signal })

async function answerChat({ world, guard, state }: Go<Chat>) {
  const message = state.messages.findLast((one) => one.role === 'assistant')
  if (message?.role !== 'assistant') return { messages: [], pending: [], ready: true }
  if (world.bare !== true) {
    const { messages } = state
    return guard.executeToolCalls(message, { messages, ...signalOf(world) })
  }
  const messages: ChatCompletionToolMessageParam[] = []
  for (const call of message.tool_calls ?? []) {
    if (call.type !== 'function') continue
    const content = await answerBare(world, call.function.name, call.function.arguments)
    messages.push({ role: 'tool', tool_call_id: call.id, content })
  }
  return { messages, pending: [], ready: true }
}

const chatDriver: Driver<Chat> = {
  fresh: { messages: [] },
  async ask({ guard, state }) {
    state.messages.push({ role: 'user', content: 'Go on.' })
    state.messages = await guard.cancelAbandoned(state.messages)
  },
  async go(go) {
    const { world, wire, guard, state, save } = go
    for (;;) {
      const last = state.messages.at(-1)
      if (last?.role === 'assistant' && last.tool_calls === undefined) {
        return { answers: chatAnswers(state.messages), pending: [], finished: true }
      }
      if (last?.role !== 'user') {
        const { messages, pending, ready } = await answerChat(go)
        state.messages.push(...messages)
        save()
        if (!ready) return { answers: chatAnswers(state.messages), pending, finished: false }
      }
      const tools = world.bare === true ? world.tools.map(zodTool) : guard.tools
      const { messages } = state
      const completion = await wire.client.chat.completions.create({ model, messages, tools })
      const message = completion.choices[0]?.message
      if (message !== undefined) state.messages.push(message)
      state.done += 1
      save()
    }
  },
}

/** The app's own loop over `chat.completions.create`. */
export const chatCompletions: AdapterHarness = {
  name: 'chatCompletions',
  capabilities,
  open: async (world) => conversationOf(world, chatDriver),
}

function responseAnswers(items: readonly ResponseInputItem[]): Answer[] {
  const calls = items.filter((item) => item.type === 'function_call')
  return items.flatMap((item) => {
    if (item.type !== 'function_call_output') return []
    const id = item.call_id ?? ''
    const tool = calls.find(({ call_id }) => call_id === id)?.name ?? ''
    return [{ id, tool, text: String(item.output) }]
  })
}

async function answerResponse({ world, guard, state }: Go<Items>, response: AnsweredResponse) {
  if (world.bare !== true) {
    return guard.executeOutput(response, { input: state.items, ...signalOf(world) })
  }
  const items: ResponseInputItem[] = []
  for (const item of response.output) {
    if (item.type !== 'function_call') continue
    const output = await answerBare(world, item.name, item.arguments)
    items.push({ type: 'function_call_output', call_id: item.call_id, output })
  }
  return { items, pending: [], ready: true }
}

const responsesDriver: Driver<Items> = {
  fresh: { items: [], response: null },
  async ask({ guard, state }) {
    const { items, response } = state
    if (response !== null) items.push(...(await guard.cancelOutput(response, { input: items })))
    items.push({ role: 'user', content: 'Go on.' })
    state.response = null
  },
  async go(go) {
    const { world, wire, guard, state, save } = go
    for (;;) {
      if (state.response !== null) {
        const { items, pending, ready } = await answerResponse(go, state.response)
        state.items.push(...items)
        save()
        const answers = responseAnswers(state.items)
        if (!ready) return { answers, pending, finished: false }
        const calls = state.response.output.some((item) => item.type === 'function_call')
        if (!calls) return { answers, pending: [], finished: true }
      }
      const plain = world.bare === true
      const tools = plain ? bareResponsesTools(world) : guard.responsesTools
      const { items: input } = state
      const response = await wire.client.responses.create({ model, input, tools, store: false })
      const { id, output } = response
      state.response = { id, output }
      state.items.push(...(output as ResponseInputItem[]))
      state.done += 1
      save()
    }
  },
}

/** The app's own loop over `responses.create`. */
export const responses: AdapterHarness = {
  name: 'responses',
  capabilities,
  open: async (world) => conversationOf(world, responsesDriver),
}

function bareResponsesTools({ tools }: World) {
  return tools.map(({ name, description, schema, run }) =>
    zodResponsesFunction({ name, description, parameters: schema, function: run }),
  )
}

const runToolsDriver: Driver<Chat> = {
  fresh: { messages: [] },
  mode: 'wait',
  ask({ state }) {
    state.messages.push({ role: 'user', content: 'Go on.' })
  },
  async go({ world, wire, guard, state }) {
    const plain = world.tools.map(zodTool)
    const tools = world.bare === true ? plain : plain.map((one) => guard.runnable(one))
    const { messages } = state
    const runner = wire.client.chat.completions.runTools(
      { model, messages, tools },
      { ...signalOf(world), maxChatCompletions: 20 },
    )
    await runner.done()
    state.messages = runner.messages
    return { answers: chatAnswers(runner.messages), pending: [], finished: true }
  },
}

/** The SDK's own loop: it holds its conversation in memory, so nothing can be suspended in it. */
export const runTools: AdapterHarness = {
  name: 'runTools',
  capabilities: { ...capabilities, suspends: false, resumesOneByOne: false, waitsAgain: false },
  open: async (world) => conversationOf(world, runToolsDriver),
}
