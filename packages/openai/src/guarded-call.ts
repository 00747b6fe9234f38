import {
  type Approval,
  type CallEvidence,
  cutOffText,
  editedInput,
  editedText,
  guardCall,
  invalidInputText,
  type Json,
  unknownToolText,
} from '@lelu/engine/adapter'
import { type GuardedCall, type GuardFunctionsOptions, runOf } from './options.ts'
import { textContent } from './text-content.ts'
import { assertFits, type BoundTool, parseText } from './tool.ts'
import type { Toolbox } from './toolbox.ts'

/** What one `guardFunctions` made: shared by all that it can do. */
export type Guard = { options: GuardFunctionsOptions; toolbox: Toolbox }

/** What the model reads as the answer. `edited` is the note that goes in front of it. */
export type CallAnswer =
  | { status: 'final'; content: Json; edited?: string }
  | { status: 'threw'; error: unknown }
  | { status: 'pending'; approval: Approval; text: string }

export type CallToAnswer = {
  view: GuardedCall
  /** Names the call within its run, the same in every process. */
  key: string
  kind: BoundTool['kind']
  tool: BoundTool | undefined
  /** What is known beside the call itself; only asked for when a reader wants it. */
  evidence?: () => Partial<CallEvidence>
  /** Makes the result of the tool what the API takes; must be JSON, so that it can be replayed. */
  toContent: (value: unknown) => Json
  /** What the tool is called with behind its input. */
  rest?: readonly unknown[]
  /** True where the call must have been suspended earlier. */
  resumed?: boolean
  /** The answer of the model was cut off: half a text is not what it meant. */
  incomplete?: boolean
}

const answered = (content: string): CallAnswer => ({ status: 'final', content })

/**
 * One call from the model's text to the model's answer. Text that the tool's schema refuses, and tools that are not
 * there, are answered without a decision, for nothing could run.
 */
export async function answerCall(guard: Guard, call: CallToAnswer): Promise<CallAnswer> {
  const { options } = guard
  const { view, key, tool, rest = [], toContent } = call
  if (tool?.run === undefined) return answered(unknownToolText(view.tool))
  if (call.incomplete) return answered(cutOffText(view.tool))
  const { run, schema } = tool
  const parsed = await parseText(tool, view.arguments, options.confidence?.added)
  if (parsed === undefined) return answered(invalidInputText(view.tool))
  const { input, written, reported } = parsed
  const result = await guardCall(
    options,
    {
      context: view,
      id: key,
      run: await runOf(options, view),
      tool: tool.name,
      input,
      ...(schema !== undefined && { schema }),
      ...(call.resumed !== undefined && { resumed: call.resumed }),
      evidence: () => ({
        ...call.evidence?.(),
        call: { id: view.id, tool: tool.name, input: written, text: view.arguments },
        ...(reported !== undefined && { reported }),
        ...(view.signal !== undefined && { signal: view.signal }),
      }),
      ...(view.signal !== undefined && { signal: view.signal }),
    },
    async (stored, { approval }) => {
      if (editedInput(approval) !== undefined) await assertFits(tool, stored)
      return toContent(await run(stored, ...rest))
    },
  )
  switch (result.status) {
    case 'executed': {
      const edited = editedInput(result.approval)
      const { value: content } = result
      return {
        status: 'final',
        content,
        ...(edited !== undefined && { edited: editedText(edited) }),
      }
    }
    case 'refused':
      return answered(result.text)
    case 'threw':
      return result
    case 'suspended': {
      const { approval, text } = result
      // The model carries on, and asks again by calling again.
      return options.mode === 'tell-model' ? answered(text) : { status: 'pending', approval, text }
    }
  }
}

/** Whether nothing more comes of an answer: the call does not wait, and its tool was not ended by an abort. */
export function isSettled({ status }: CallAnswer, signal: AbortSignal | undefined): boolean {
  return status !== 'pending' && !(status === 'threw' && signal?.aborted)
}

/** An abort in a tool ends the go of the one that aborts; whoever asked with him reads what the tool threw. */
export function throwIfEnded(
  answers: readonly CallAnswer[],
  signal: AbortSignal | undefined,
): void {
  for (const answer of answers) {
    if (answer.status === 'threw' && signal?.aborted) throw answer.error
  }
}

/** The answer with the note that its input was changed, as text. */
export function textOf(answer: { content: Json; edited?: string }): string {
  const text = textContent(answer.content)
  return answer.edited === undefined ? text : `${answer.edited}\n${text}`
}
