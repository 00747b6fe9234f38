import { createAiGuard } from '@lelu/ai-sdk'
import { createLelu } from '@lelu/engine'
import { generateText, isStepCount, type LanguageModel, type ModelMessage, type ToolSet } from 'ai'

const lelu = await createLelu({ policies: './policies' })
const guard = createAiGuard({
  lelu,
  run: ({ runtimeContext }: { runtimeContext: { chat: string } }) => runtimeContext.chat,
  subject: { id: 'trader-1', type: 'agent' },
})

/** One turn of a chat. `messages` are stored by the caller, and handed in again to go on. */
export async function turn(
  model: LanguageModel,
  tools: ToolSet,
  chat: string,
  messages: ModelMessage[],
) {
  const runtimeContext = { chat } // from your session, not from the messages
  const settled = await guard.settle(messages, { runtimeContext })
  if (!settled.ready) return { messages, pending: settled.pending } // [{ approvalId, toolCallId, tool }]

  const { responseMessages } = await generateText({
    model,
    tools: guard.tools(tools),
    toolApproval: guard.toolApproval(),
    runtimeContext,
    messages: settled.messages,
    stopWhen: isStepCount(20),
  })
  const next = [...settled.messages, ...responseMessages]
  return { messages: next, pending: await guard.pending(next, { runtimeContext }) }
}
