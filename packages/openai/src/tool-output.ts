import type { Json } from '@lelu/engine/adapter'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { textContent } from './text-content.ts'

/** What the Responses API takes as the answer of a call: text, or blocks of text, images and files. */
export type Output = ResponseInputItem.FunctionCallOutput['output']

const blocks: readonly unknown[] = ['input_text', 'input_image', 'input_file']

function isBlock(value: unknown): boolean {
  return typeof value === 'object' && value !== null && blocks.includes(Reflect.get(value, 'type'))
}

/** What a tool answered, as the API takes it: its native blocks as they are, anything else as text. */
export function toOutput(value: unknown): Output {
  const native = Array.isArray(value) && value.length > 0 && value.every(isBlock)
  return native ? (value as Output) : textContent(value)
}

/** The output with the note that its input was changed, for the model still sees the arguments it wrote itself. */
export function outputOf(content: Json, edited: string | undefined): Output {
  const output = toOutput(content)
  if (edited === undefined) return output
  if (typeof output === 'string') return `${edited}\n${output}`
  return [{ type: 'input_text', text: edited }, ...output]
}
