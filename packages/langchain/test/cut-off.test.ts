import { join } from 'node:path'
import { AIMessage, AIMessageChunk, type BaseMessage } from '@langchain/core/messages'
import { createAgent } from 'langchain'
import { expect, test } from 'vitest'
import { leluMiddleware, markCutOff } from '../src/index.ts'
import { FileSaver } from './file-saver.ts'
import { ScriptedModel } from './scripted-model.ts'
import { ask, config, createTools, openLelu, subject, temporaryFolder } from './support.ts'

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
