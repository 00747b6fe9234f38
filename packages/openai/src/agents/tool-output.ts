import { editedText, type Json } from '@lelu/engine/adapter'
import type { FunctionCallItem, RunContext } from '@openai/agents'
import { textContent } from '../text-content.ts'

type Call = { runContext: RunContext<unknown>; item: string | undefined }

/** The provider's id of the call, where it says more than the id that models reuse. */
export function itemOf({ id, callId }: FunctionCallItem): string | undefined {
  return id === callId ? undefined : id
}

/** What is kept of a run: the output, and which call of the model it answered. */
export type KeptOutput = { output?: unknown; item?: string; requests: number }

/** `item` is the provider's id of the call: the one thing that differs when a model reuses ids and arguments. */
export function keepOutput(output: unknown, { runContext, item }: Call): KeptOutput {
  const { requests } = runContext.usage
  return {
    ...(output !== undefined && { output }),
    ...(item !== undefined && { item }),
    requests,
  }
}

/** Whether the kept output is that of another call, of a later step, that has the same id and arguments. */
export function isOfAnotherCall(kept: KeptOutput, { runContext, item }: Call): boolean {
  if (kept.item !== undefined || item !== undefined) return kept.item !== item
  // A restored run stands where it stood; in a later step of it the model has been asked more often.
  return kept.requests < runContext.usage.requests
}

const isPart = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { type?: unknown }).type === 'string'

/** Tells the model that a reviewer changed its input, for it still sees the arguments it wrote itself. */
export function withEditNote(output: unknown, input: Json): unknown {
  const note = editedText(input)
  if (typeof output === 'string') return `${note}\n${output}`
  const parts = Array.isArray(output) ? output : [output]
  if (parts.length > 0 && parts.every(isPart)) return [{ type: 'text', text: note }, ...parts]
  return `${note}\n${output === undefined ? '' : textContent(output)}`
}

const sdkErrorText = 'An error occurred while running the tool. Please try again.'

/** The SDK answers a tool's error as text. Known by its wording, so that the record says that the tool failed. */
export function isErrorText(output: unknown): output is string {
  return (
    output === sdkErrorText ||
    (typeof output === 'string' && output.startsWith(`${sdkErrorText} Error: `))
  )
}
