import { isDirectToolOutput, ToolMessage, type ToolMessageFields } from '@langchain/core/messages'
import { type Command, isCommand } from '@langchain/langgraph'
import { editedText, type Json } from '@lelu/engine/adapter'

/** What a tool call gives the graph. */
export type ToolOutput = ToolMessage | Command

type Call = { id: string; name: string }

/** Everything a tool message is made of, but for the id of the call it answers. */
function fieldsOf(message: ToolMessage): Omit<ToolMessageFields, 'tool_call_id'> {
  const { content, artifact, status, name, id, metadata, additional_kwargs, response_metadata } =
    message
  return {
    content,
    artifact,
    additional_kwargs,
    response_metadata,
    ...(status !== undefined && { status }),
    ...(name !== undefined && { name }),
    ...(id !== undefined && { id }),
    ...(metadata !== undefined && { metadata }),
  }
}

/** The output as plain data, for the engine to keep. A command may hold anything, so only that it was one is kept. */
export function keepOutput(output: ToolOutput): Json {
  if (isCommand(output)) return { kind: 'command' }
  return { kind: 'message', message: fieldsOf(output) as Json }
}

/** The message of a call that ran earlier, perhaps in another process: equal to the first one, but for its class-typed artifacts. */
export function rebuildOutput(kept: unknown, call: Call): ToolMessage {
  const { kind, message } = (kept ?? {}) as { kind?: string; message?: ToolMessageFields }
  if (kind === 'message' && typeof message === 'object') {
    return new ToolMessage({ ...message, tool_call_id: call.id })
  }
  return refusalMessage(
    'This call ran earlier and is not run again. Its result was a graph command, which is not kept.',
    call,
  )
}

/** What the model reads when its call did not run. Returned, never thrown: the other calls of the step go on. */
export function refusalMessage(content: string, call: Call): ToolMessage {
  return new ToolMessage({ content, tool_call_id: call.id, name: call.name, status: 'error' })
}

/** The message LangChain's agents give the model for an error in a tool. */
export function toolErrorMessage(error: unknown, call: Call): ToolMessage {
  return refusalMessage(`${error}\n Please fix your mistakes.`, call)
}

/** Tells the model that a reviewer changed its input, for it still sees the arguments it wrote itself. */
export function withEditNote(output: ToolOutput, input: Json): ToolOutput {
  if (isCommand(output)) return output
  const note = editedText(input)
  const { content } = output
  const noted =
    typeof content === 'string'
      ? `${note}\n${content}`
      : [{ type: 'text' as const, text: note }, ...content]
  return new ToolMessage({
    ...fieldsOf(output),
    content: noted,
    tool_call_id: output.tool_call_id,
  })
}

type Raw = { responseFormat?: string; name: string; metadata?: Record<string, unknown> }

function isBlock(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'type' in item
}

/** The raw result of a tool as the message that `StructuredTool` makes of it (`@langchain/core/tools`). */
export function toOutput(
  raw: unknown,
  { responseFormat, name, metadata }: Raw,
  call: Call,
): ToolOutput {
  let content = raw
  let artifact: unknown
  if (responseFormat === 'content_and_artifact') {
    if (!Array.isArray(raw) || raw.length !== 2) {
      throw new Error(
        `Tool ${name} has the response format "content_and_artifact" but did not give two values.`,
      )
    }
    ;[content, artifact] = raw
  }
  if (isDirectToolOutput(content)) return content as unknown as ToolOutput
  const plain = typeof content === 'string' || (Array.isArray(content) && content.every(isBlock))
  return new ToolMessage({
    status: 'success',
    content: (plain ? content : textOf(content)) as string,
    artifact,
    tool_call_id: call.id,
    name,
    ...(metadata !== undefined && { metadata }),
  })
}

function textOf(content: unknown): string {
  try {
    return JSON.stringify(content) ?? ''
  } catch {
    return String(content)
  }
}
