import type { Conversation, Turn, World } from '@lelu/testing'
import { lastWord } from '@lelu/testing/fakes'
import { type ModelMessage, tool } from 'ai'
import { z } from 'zod'
import { type Chat, conversation, toolsOf } from './conversation.ts'
import type { Loop } from './loops.ts'

const call = { id: 'call_helper', tool: 'helper', input: { task: 'Help.' } }

/** What the inner agent said in the end is the answer of its call. */
const answer: ModelMessage = {
  role: 'tool',
  content: [
    {
      type: 'tool-result',
      toolCallId: call.id,
      toolName: call.tool,
      output: { type: 'text', value: lastWord },
    },
  ],
}

/**
 * An agent that is the tool of another. The SDK cannot suspend an `execute`: whatever it returns or throws answers the
 * call, and the outer model goes on ("No Tool Approvals in Subagents", says its manual). So `helper` has none: the
 * outer run ends with the call open, as with any tool of a client. The app runs the inner agent, stores both
 * histories, and answers the call when the inner agent is done.
 */
export function nested(world: World, loop: Loop): Conversation {
  const helper = tool({
    description: 'Asks the helper.',
    inputSchema: z.object({ task: z.string() }),
    outputSchema: z.string(),
  })
  const outer: Chat = conversation(world, loop, {
    chat: 'chat-1',
    file: 'chat.json',
    tools: { helper },
  })
  const inner: Chat = conversation(world, loop, {
    chat: `chat-1/${call.id}`, // a run of its own, or its calls could pass for those of the outer one
    file: 'helper.json',
    tools: toolsOf(world),
  })

  /** The outer agent goes on once the inner one has finished, and only once. */
  async function goOn(turn: Turn): Promise<Turn> {
    if (!turn.finished) return turn
    const before = await outer.resume()
    const told = before.answers.some(({ id }) => id === call.id)
    const done = told ? before : await outer.tell(answer)
    return { ...done, answers: [...turn.answers, ...done.answers] }
  }

  return {
    async ask(steps) {
      const called = await outer.ask([[call]])
      // Else it did not wait for its tool.
      if (called.error !== undefined || called.finished) return called
      return goOn(await inner.ask(steps))
    },
    resume: async () => goOn(await inner.resume()),
    forge: async () => goOn(await inner.forge()),
    garble: async () => goOn(await inner.garble()),
    replay: async () => goOn(await inner.replay()),
    shown: () => outer.shown(),
  }
}
