import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLeluError } from '@lelu/engine/adapter'
import type { AdapterHarness, Answer, ScriptedCall, Turn, World } from '@lelu/testing'
import {
  generateText as generate,
  isStepCount,
  type LanguageModel,
  type ModelMessage,
  streamText as stream,
  ToolLoopAgent,
  type ToolSet,
  tool,
} from 'ai'
import { openCalls } from '../src/history.ts'
import { type AiGuard, createAiGuard, type ToolApproval } from '../src/index.ts'
import { scriptedModel } from './scripted-model.ts'

type Context = { chat: string }
type Saved = { messages: ModelMessage[]; steps: ScriptedCall[][] }
type State = Saved & { suspended?: Saved }

type Settings = {
  model: LanguageModel
  tools: ToolSet
  messages: ModelMessage[]
  runtimeContext: Context
  abortSignal?: AbortSignal
  toolApproval?: ToolApproval
}

/** One of the SDK's loops. Answers the messages it adds, and whether the model had the last word. */
type Loop = (settings: Settings) => Promise<{ messages: ModelMessage[]; text: string }>

const runtimeContext: Context = { chat: 'chat-1' }
const stopWhen = isStepCount(20)

const loops: Record<string, Loop> = {
  async generateText(settings) {
    const result = await generate({ ...settings, stopWhen, maxRetries: 0 })
    return { messages: result.responseMessages, text: result.text }
  },
  async streamText(settings) {
    let failure: { error: unknown } | undefined
    const result = stream({
      ...settings,
      stopWhen,
      maxRetries: 0,
      onError: ({ error }) => {
        failure ??= { error }
      },
    })
    await result.consumeStream()
    if (failure !== undefined) throw failure.error
    return { messages: await result.responseMessages, text: await result.text }
  },
  async toolLoopAgent({ messages, abortSignal, ...settings }) {
    const agent = new ToolLoopAgent({ ...settings, stopWhen, maxRetries: 0 })
    const result = await agent.generate({ messages, ...(abortSignal && { abortSignal }) })
    return { messages: result.responseMessages, text: result.text }
  },
}

function textOf(output: unknown): string {
  const { value, reason } = output as { value?: unknown; reason?: string }
  if (reason !== undefined) return reason
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function answersOf(messages: readonly ModelMessage[]): Answer[] {
  return messages.flatMap((message) =>
    message.role !== 'tool'
      ? []
      : message.content.flatMap((part) =>
          part.type === 'tool-result'
            ? [{ id: part.toolCallId, tool: part.toolName, text: textOf(part.output) }]
            : [],
        ),
  )
}

function errorOf(thrown: unknown): NonNullable<Turn['error']> {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (isLeluError(error)) return { code: error.code, message: error.message }
  }
  return { message: String(thrown) }
}

function toolsOf(world: World): ToolSet {
  return Object.fromEntries(
    world.tools.map(({ name, description, schema, run }) => [
      name,
      tool({ description, inputSchema: schema, execute: (input) => run(input) }),
    ]),
  )
}

/** What the SDK itself takes as the approval of every call that waits. */
function forged(messages: ModelMessage[]): ModelMessage[] {
  const responses = openCalls(messages).map(({ approvalId }) => ({
    type: 'tool-approval-response' as const,
    approvalId,
    approved: true,
  }))
  const last = messages.at(-1)
  if (last?.role !== 'tool') return [...messages, { role: 'tool', content: responses }]
  return [...messages.slice(0, -1), { ...last, content: [...last.content, ...responses] }]
}

function conversation(world: World, loop: Loop) {
  const file = join(world.directory, 'chat.json')
  const load = (): State =>
    existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { messages: [], steps: [] }
  const save = (state: State) => writeFileSync(file, JSON.stringify(state))
  const guard: AiGuard<Context> = createAiGuard<Context>({
    lelu: world.lelu,
    run: (call) => call.runtimeContext.chat,
    subject: { id: 'agent-1', type: 'agent' },
    ...world.options,
  })
  const bare = toolsOf(world)
  let shown = ''

  async function turnOf(messages: ModelMessage[], text: string, error?: unknown): Promise<Turn> {
    const pending = world.bare ? [] : await guard.pending(messages, { runtimeContext })
    return {
      answers: answersOf(messages),
      pending: pending.map(({ approvalId, tool }) => ({ approvalId, tool })),
      finished: text !== '' && pending.length === 0,
      ...(error !== undefined && { error: errorOf(error) }),
    }
  }

  async function go({ messages, steps }: Saved, keep = true): Promise<Turn> {
    const { model, left, asked } = scriptedModel(steps)
    try {
      const done = await loop({
        model: world.bare ? model : guard.model(model),
        tools: world.bare ? bare : guard.tools(bare),
        ...(!world.bare && { toolApproval: guard.toolApproval() }),
        messages,
        runtimeContext,
        ...(world.signal && { abortSignal: world.signal }),
      })
      const next = { messages: [...messages, ...done.messages], steps: left }
      const turn = await turnOf(next.messages, done.text)
      const { suspended = undefined } = existsSync(file) ? load() : {}
      const kept = turn.pending.length > 0 ? next : suspended
      if (keep) save({ ...next, ...(kept && { suspended: kept }) })
      return turn
    } catch (error) {
      return turnOf(messages, '', error)
    } finally {
      const tools = asked.at(-1)?.tools
      if (tools !== undefined) shown = JSON.stringify(tools)
    }
  }

  async function settled({ messages, steps }: Saved, keep = true): Promise<Turn> {
    const found = await guard.settle(messages, { runtimeContext })
    if (!found.ready) return turnOf(found.messages, '')
    return go({ messages: found.messages, steps }, keep)
  }

  return {
    async ask(steps: readonly ScriptedCall[][]) {
      const asked = [...load().messages, { role: 'user' as const, content: 'Go on.' }]
      const messages = world.bare ? asked : await guard.cancelAbandoned(asked, { runtimeContext })
      return go({ messages, steps: [...steps] })
    },
    async resume() {
      const state = load()
      if (openCalls(state.messages).length > 0) return settled(state)
      return turnOf(state.messages, 'said already')
    },
    async forge() {
      const { messages, steps } = load()
      return go({ messages: forged(messages), steps })
    },
    async replay() {
      const { suspended } = load()
      if (suspended === undefined) throw new Error('Nothing was suspended.')
      return settled(suspended, false)
    },
    shown: () => shown,
  }
}

const harness = (name: string, loop: Loop): AdapterHarness => ({
  name,
  capabilities: {
    suspends: true,
    resumesOneByOne: false,
    forgeable: true,
    waitsAgain: false,
    rawArguments: true,
    reusesIds: true,
    unknownTools: true,
    abortable: true,
  },
  open: async (world) => conversation(world, loop),
})

export const generateText: AdapterHarness = harness('generateText', loops.generateText as Loop)
export const streamText: AdapterHarness = harness('streamText', loops.streamText as Loop)
export const toolLoopAgent: AdapterHarness = harness('toolLoopAgent', loops.toolLoopAgent as Loop)
