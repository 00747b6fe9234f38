import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLeluError } from '@lelu/engine/adapter'
import type { Answer, Conversation, ScriptedCall, Turn, World } from '@lelu/testing'
import { type ModelMessage, type ToolSet, tool } from 'ai'
import { openCalls } from '../src/history.ts'
import { type AiGuard, createAiGuard } from '../src/index.ts'
import { forged, garbled } from './forged.ts'
import type { Context, Loop } from './loops.ts'
import { scriptedModel } from './scripted-model.ts'

type Saved = { messages: ModelMessage[]; steps: ScriptedCall[][] }
type State = Saved & { suspended?: Saved }

/** Which of the conversations in a directory, and with which tools. */
export type Place = { chat: string; file: string; tools: ToolSet }

export type Chat = Conversation & {
  /** Goes on with what the app itself adds to the history. */
  tell(message: ModelMessage): Promise<Turn>
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

export function toolsOf(world: World): ToolSet {
  return Object.fromEntries(
    world.tools.map(({ name, description, schema, run }) => [
      name,
      tool({ description, inputSchema: schema, execute: (input) => run(input) }),
    ]),
  )
}

export function conversation(world: World, loop: Loop, { chat, file, tools: bare }: Place): Chat {
  const path = join(world.directory, file)
  const load = (): State =>
    existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { messages: [], steps: [] }
  const save = (state: State) => writeFileSync(path, JSON.stringify(state))
  // What a developer forgets: the context of the run is there, and the chat is not in it.
  const runtimeContext = (world.unnamed ? {} : { chat }) as Context
  const guard: AiGuard<Context> = createAiGuard<Context>({
    lelu: world.lelu,
    run: (call) => call.runtimeContext.chat,
    subject: { id: 'agent-1', type: 'agent' },
    ...world.options,
  })
  let shown = ''

  async function turnOf(
    messages: ModelMessage[],
    text: string,
    more: Pick<Turn, 'error' | 'streamed'> = {},
  ): Promise<Turn> {
    const pending = world.bare ? [] : await guard.pending(messages, { runtimeContext })
    return {
      answers: answersOf(messages),
      pending: pending.map(({ approvalId, tool }) => ({ approvalId, tool })),
      finished: text !== '' && pending.length === 0,
      ...more,
    }
  }

  async function go({ messages, steps }: Saved, keep = true): Promise<Turn> {
    const { model, left, asked } = scriptedModel(steps, { down: world.modelDown })
    try {
      const { streamed, ...done } = await loop({
        model: world.bare ? model : guard.model(model),
        tools: world.bare ? bare : guard.tools(bare),
        ...(!world.bare && { toolApproval: guard.toolApproval() }),
        messages,
        runtimeContext,
        ...(world.signal && { abortSignal: world.signal }),
      })
      const next = { messages: [...messages, ...done.messages], steps: left() }
      const turn = await turnOf(next.messages, done.text, { ...(streamed && { streamed }) })
      const { suspended = undefined } = existsSync(path) ? load() : {}
      const kept = turn.pending.length > 0 ? next : suspended
      if (keep) save({ ...next, ...(kept && { suspended: kept }) })
      return turn
    } catch (error) {
      return turnOf(messages, '', { error: errorOf(error) })
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
    async ask(steps) {
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
    async garble() {
      const { messages, steps } = load()
      const pending: Turn['pending'] = []
      const refused = (error: unknown): Turn => {
        return { answers: answersOf(messages), pending, finished: false, error: errorOf(error) }
      }
      let turn = refused('Nothing was garbled.')
      // Nothing is kept: each kind of garbage meets the call as it waits.
      for (const history of garbled(messages)) {
        await settled({ messages: history, steps }, false).catch(refused) // as an app goes on
        turn = await go({ messages: history, steps }, false).catch(refused) // and past the helper
      }
      return turn
    },
    async replay() {
      const { suspended } = load()
      if (suspended === undefined) throw new Error('Nothing was suspended.')
      return settled(suspended, false)
    },
    async tell(message) {
      const { messages, steps } = load()
      return go({ messages: [...messages, message], steps })
    },
    shown: () => shown,
  }
}
