import { join } from 'node:path'
import { AIMessage, AIMessageChunk, type BaseMessage } from '@langchain/core/messages'
import { MemorySaver, MessagesAnnotation, StateGraph } from '@langchain/langgraph'
import { createAgent, createMiddleware } from 'langchain'
import { expect, test } from 'vitest'
import { guardTool, leluMiddleware, markCutOff } from '../src/index.ts'
import { FileSaver } from './file-saver.ts'
import { ScriptedModel } from './scripted-model.ts'
import { agentOf, ask, config, createTools, openLelu, subject, temporaryFolder } from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

/** A thread in a folder, whose model streams this text as the arguments of a call. Each run has an agent of its own. */
function streamingThread(raw: string) {
  const folder = temporaryFolder()
  const { tools, ran } = createTools()
  const written = new ScriptedModel(folder)
  written.write([[{ id: 'a', tool: 'allowed', input: { raw } }]])
  const run = async (lelu: Lelu, input: typeof ask | null = ask, more: object = {}) => {
    const agent = createAgent({
      model: new ScriptedModel(folder),
      tools,
      middleware: [leluMiddleware({ lelu, subject })],
      checkpointer: new FileSaver(join(folder, 'threads.json')),
    })
    // Somebody who listens to the messages makes LangChain stream them.
    const stream = await agent.stream(input, { ...config, ...more, streamMode: 'messages' })
    for await (const _piece of stream);
    return (await agent.graph.getState(config)).values.messages as BaseMessage[]
  }
  return { run, ran }
}

const answered = (messages: readonly BaseMessage[]) =>
  messages.find((message) => message.getType() === 'tool')?.text

test.each(['{"amount": 50', '{"amount": 5, "note": "for a', '{"amount": 5'])(
  'a streamed call whose arguments end at %s does not run, though LangChain completes them',
  async (raw) => {
    const { run, ran } = streamingThread(raw)
    expect(answered(await run(await openLelu()))).toContain('The call did not run')
    expect(ran).toEqual([])
  },
)

test.each(['{"amount": 50}', ' {"amount": 50, "note": "all"}\n'])(
  'a streamed call with the whole of %j runs',
  async (raw) => {
    const { run, ran } = streamingThread(raw)
    await run(await openLelu())
    expect(ran).toHaveLength(1)
  },
)

test('it does not run either when another process goes on from the stored answer', async () => {
  const lelu = await openLelu()
  const { run, ran } = streamingThread('{"amount": 50, "note": "x"')
  const stopped = await run(lelu, ask, { interruptBefore: ['tools'] })
  expect(stopped.at(-1)).toMatchObject({ tool_calls: [{ args: { amount: 50, note: 'x' } }] })
  expect(answered(await run(lelu, null))).toContain('The call did not run')
  expect(ran).toEqual([])
})

test('the text of a custom tool is no JSON, and is not taken for cut off', () => {
  const piece = {
    type: 'tool_call_chunk' as const,
    id: 'a',
    index: 0,
    name: 'sql',
    args: 'SELECT 1',
  }
  const custom = { ...piece, isCustomTool: true }
  const answer = new AIMessageChunk({ content: '', tool_call_chunks: [custom] })
  expect(markCutOff(answer).response_metadata).toEqual({})
})

test('a call without arguments, a plain message and what is no message are left alone', () => {
  const piece = { type: 'tool_call_chunk' as const, id: 'a', index: 0, name: 'now', args: '' }
  const answers = [
    new AIMessageChunk({ content: '', tool_call_chunks: [piece] }),
    new AIMessage({ content: '', tool_calls: [{ id: 'a', name: 'now', args: {} }] }),
  ]
  for (const answer of answers) expect(markCutOff(answer).response_metadata).toEqual({})
  expect(markCutOff({ structured: true })).toEqual({ structured: true })
})

type Piece = { id?: string; index?: number; args: string; name?: string }

type Told = {
  response_metadata?: Record<string, unknown>
  additional_kwargs?: Record<string, unknown>
}

/** An answer that LangChain made of these pieces and of what the provider told with them, marked. */
function markedWith(pieces: Piece[], told: Told) {
  const tool_call_chunks = pieces.map((piece) => ({ type: 'tool_call_chunk' as const, ...piece }))
  const answer = markCutOff(
    new AIMessageChunk({ content: '', tool_call_chunks, ...structuredClone(told) }),
  )
  const { lelu } = answer.response_metadata as { lelu?: { cutOff: object } }
  return Object.keys(lelu?.cutOff ?? {})
}

const marked = (pieces: Piece[]) => markedWith(pieces, {})

const first = { id: 'a', index: 0, name: 'allowed', args: '{"amount": 50' }

test.each<[string, Piece[], string[]]>([
  ['pieces with an index and another id', [first, { id: 'b', index: 0, args: '0}' }], ['a']],
  [
    'two whole calls with one index',
    [
      { ...first, args: '{"amount": 1}' },
      { ...first, id: 'b', args: '{"amount": 2}' },
    ],
    [],
  ],
  ['pieces with their index alone', [first, { index: 0, args: '0}' }], []],
  [
    'a piece with the id alone',
    [
      { ...first, index: 1 },
      { id: 'a', args: '0}' },
    ],
    [],
  ],
])('%s are joined as LangChain joins them', (_name, pieces, ids) => {
  expect(marked(pieces)).toEqual(ids)
})

test.each([
  '{"note": "one\ntwo"}',
  '{"note": "a \\"quote\\" and a {"}',
  '{"list": [1, {"x": "]"}], "note": "\\\\"}',
])('%j goes to its end', (args) => {
  expect(marked([{ ...first, args }])).toEqual([])
})

test.each(['{"note": "one\ntwo', '{"list": [1, 2', '{"note": "\\"', '{"a": {"b": 1}'])(
  '%j ends early',
  (args) => {
    expect(marked([{ ...first, args }])).toEqual(['a'])
  },
)

test.each<[string, Told]>([
  ['OpenAI, a limit', { response_metadata: { finish_reason: 'length' } }],
  ['OpenAI, a filter', { response_metadata: { finish_reason: 'content_filter' } }],
  ['OpenAI Responses', { response_metadata: { status: 'incomplete' } }],
  ['Anthropic', { response_metadata: { stop_reason: 'max_tokens' } }],
  // ChatAnthropic puts it there when it streams.
  ['Anthropic, in a stream', { additional_kwargs: { stop_reason: 'max_tokens' } }],
  [
    'Anthropic, the end of its context',
    { additional_kwargs: { stop_reason: 'model_context_window_exceeded' } },
  ],
  ['Anthropic, a filter', { additional_kwargs: { stop_reason: 'refusal' } }],
  ['Bedrock', { response_metadata: { stopReason: 'max_tokens' } }],
  ['Bedrock, in a stream', { response_metadata: { messageStop: { stopReason: 'max_tokens' } } }],
  ['Gemini', { response_metadata: { finishReason: 'MAX_TOKENS' } }],
  ['Mistral', { response_metadata: { finishReason: 'length' } }],
  ['Ollama', { response_metadata: { done_reason: 'length' } }],
])(
  'where %s ends an answer early, its last call is cut off that has no text yet, and no other one',
  (_who, told) => {
    const pieces = [
      { ...first, args: '' },
      { ...first, id: 'b', index: 1, args: '' },
    ]
    expect(markedWith(pieces, told)).toEqual(['b'])
    expect(markedWith([{ ...first, args: '{}' }], told)).toEqual([])
  },
)

test.each<Told>([
  { response_metadata: { finish_reason: 'tool_calls' } },
  { response_metadata: { status: 'completed' } },
  { response_metadata: { status: 200 } },
  { response_metadata: { messageStop: null } },
  { additional_kwargs: { stop_reason: 'tool_use' } },
])('a call without arguments is whole in an answer with %j', (told) => {
  expect(markedWith([{ ...first, args: '' }], told)).toEqual([])
})

test('a whole call in front of the one that OpenAI Responses could not end is not cut off', () => {
  const call = { type: 'function_call', call_id: 'a', name: 'allowed', arguments: '{"amount": 5}' }
  const answer = new AIMessage({
    content: '',
    tool_calls: [{ id: 'a', name: 'allowed', args: { amount: 5 } }],
    response_metadata: { status: 'incomplete', output: [{ type: 'reasoning' }, null, call] },
  })
  expect(markCutOff(answer).response_metadata).not.toHaveProperty('lelu')
})

test('the call of an answer with a structured response is marked, too', () => {
  const piece = { type: 'tool_call_chunk' as const, ...first }
  const message = new AIMessageChunk({ content: '', tool_call_chunks: [piece] })
  markCutOff({ structuredResponse: {}, messages: [message] })
  expect(message.response_metadata).toMatchObject({ lelu: { cutOff: { a: '{"amount":50}' } } })
})

/** An agent whose model streams a call that is cut off, and middleware that does this with the answer. */
async function afterModel(change: (message: AIMessage) => AIMessage | undefined) {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const folder = temporaryFolder()
  const model = new ScriptedModel(folder)
  model.write([[{ id: 'a', tool: 'allowed', input: { raw: '{"amount": 50' } }]])
  const rebuild = createMiddleware({
    name: 'Rebuild',
    afterModel({ messages }) {
      const message = messages.at(-1)
      const changed = AIMessage.isInstance(message) ? change(message) : undefined
      return changed && { messages: [changed] }
    },
  })
  const agent = agentOf({ model, tools, middleware: [rebuild, leluMiddleware({ lelu, subject })] })
  const stream = await agent.stream(ask, { ...config, streamMode: 'messages' })
  for await (const _piece of stream);
  const { messages } = (await agent.graph.getState(config)).values as { messages: BaseMessage[] }
  return { text: answered(messages), ran }
}

const changed = ({ id, content, tool_calls = [] }: AIMessage, args?: Record<string, unknown>) =>
  new AIMessage({
    ...(id !== undefined && { id }),
    content,
    tool_calls: tool_calls.map((call) => ({ ...call, ...(args && { args }) })),
  })

test('a call does not run either where middleware makes the message anew, without the mark', async () => {
  const { text, ran } = await afterModel((message) => changed(message))
  expect(text).toBe(
    'The arguments for allowed were cut off before their end. The call did not run. Write them again, shorter.',
  )
  expect(ran).toEqual([])
})

test('a call whose arguments somebody completed since runs', async () => {
  const { ran } = await afterModel((message) => changed(message, { amount: 5000 }))
  expect(ran).toMatchObject([{ input: { amount: 5000 } }])
})

test('middleware that adds an argument to the call has not completed it', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const model = new ScriptedModel(temporaryFolder())
  model.write([[{ id: 'a', tool: 'allowed', input: { raw: '{"amount": 50' } }]])
  const adding = createMiddleware({
    name: 'Adding',
    wrapToolCall({ toolCall, ...request }, handler) {
      const args = { ...toolCall.args, note: 'user 7' }
      return handler({ ...request, toolCall: { ...toolCall, args } })
    },
  })
  const agent = agentOf({ model, tools, middleware: [adding, leluMiddleware({ lelu, subject })] })
  for await (const _piece of await agent.stream(ask, { ...config, streamMode: 'messages' }));
  expect(ran).toEqual([])
})

test('a guarded tool that a node calls by itself finds the mark in the input of the task', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const [allowed] = tools
  if (allowed === undefined) throw new Error('no tool')
  const guarded = guardTool(allowed, { lelu, subject })
  const piece = { type: 'tool_call_chunk' as const, ...first }
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('model', () => ({
      messages: [markCutOff(new AIMessageChunk({ content: '', tool_call_chunks: [piece] }))],
    }))
    .addNode('tools', async ({ messages }, given) => {
      const [call] = (messages.at(-1) as AIMessage).tool_calls ?? []
      if (call === undefined) throw new Error('no call')
      return { messages: [await guarded.invoke({ ...call, type: 'tool_call' }, given)] }
    })
    .addEdge('__start__', 'model')
    .addEdge('model', 'tools')
    .compile({ checkpointer: new MemorySaver() })
  const { messages } = await graph.invoke(ask, config)
  expect(answered(messages)).toContain('cut off before their end')
  expect(ran).toEqual([])
})
