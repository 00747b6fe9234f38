import { type Approval, isLeluError } from '@lelu/engine'
import { editedInput, editedText } from '@lelu/engine/adapter'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { strippedLine, strippedText } from '../gateway/stripped-text.ts'
import type { ToolAnswer } from '../surface/call.ts'

/**
 * What the model reads of a call that did not run, or whose result it does not get. Without `structuredContent`: clients
 * hold that against the tool's output schema, also in an error.
 */
export function refusedAnswer(code: string, text: string): ToolAnswer {
  const content = [{ type: 'text' as const, text: `${code}: ${strippedText(text, 4000)}` }]
  return { kind: 'result', result: { content, isError: true } }
}

const ours = ['LELU_STORE_', 'LELU_AUDIT_', 'LELU_ENGINE_', 'LELU_KEYS_']

type Coded = {
  code: string
  message: string
  help: string
  details?: Readonly<Record<string, unknown>>
}

/** A coded error as an answer. What is wrong with our own files and databases is not the model's business. */
export function errorAnswer({ code, message, help, details }: Coded): ToolAnswer {
  if (ours.some((prefix) => code.startsWith(prefix))) {
    return refusedAnswer(
      code,
      'This call could not be decided, so it did not run. Ask again later.',
    )
  }
  const said =
    typeof details?.said === 'string' ? ` It said: ${strippedLine(details.said, 1000)}` : ''
  return refusedAnswer(code, `${message}${said} ${help}`)
}

/** A failure as an answer, where it is coded; else it is a defect, and thrown. */
export function failedAnswer(error: unknown): ToolAnswer {
  if (isLeluError(error)) return errorAnswer(error)
  throw error
}

function withText(result: CallToolResult, before: string[], after: string[]): CallToolResult {
  if (before.length + after.length === 0) return result
  const blocks = (texts: string[]) => texts.map((text) => ({ type: 'text' as const, text }))
  return { ...result, content: [...blocks(before), ...(result.content ?? []), ...blocks(after)] }
}

/**
 * The result of an upstream, unchanged, but for two things the model cannot know: that a reviewer changed the input, and
 * that this is the answer of a run that was, for a model that meant the call a second time believes it ran again.
 */
export function executedAnswer(
  result: CallToolResult,
  { replayed, approval }: { replayed: boolean; approval: Approval | null },
): ToolAnswer {
  const edited = editedInput(approval)
  const before = edited === undefined ? [] : [strippedText(editedText(edited), 4000)]
  const after = replayed
    ? [
        `(This call ran ${ranAt(approval)}; it did not run again. This is the result that was kept.)`,
      ]
    : []
  return { kind: 'result', result: withText(result, before, after) }
}

function ranAt(approval: Approval | null): string {
  const at = approval?.attempt?.startedAt
  return at === undefined ? 'earlier' : `at ${new Date(at).toISOString()}`
}

/** An answer of a call that was asked for anew, told with what became of the one before. */
export function withEnded(answer: ToolAnswer, ended: Approval | undefined): ToolAnswer {
  if (ended === undefined || answer.kind !== 'result') return answer
  const text = `(The same call was asked for before. Its approval ${ended.id} is ${ended.state}, and it did not run. This is a new one.)`
  return { kind: 'result', result: withText(answer.result, [], [text]) }
}
