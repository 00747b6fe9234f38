import { editedText, type Json } from '@lelu/engine/adapter'
import type { ToolSet } from 'ai'
import { assertAnswered } from './unanswered.ts'

type ToModelOutput = NonNullable<ToolSet[string]['toModelOutput']>
export type ModelOutput = Awaited<ReturnType<ToModelOutput>>

/** As the SDK shows the result of a tool without a `toModelOutput` of its own. */
function plainOutput(output: unknown): ModelOutput {
  if (typeof output === 'string') return { type: 'text', value: output }
  return { type: 'json', value: JSON.parse(JSON.stringify(output) ?? 'null') }
}

function withNote(output: ModelOutput, note: string): ModelOutput {
  switch (output.type) {
    case 'text':
    case 'error-text':
      return { ...output, value: `${note}\n${output.value}` }
    case 'json':
    case 'error-json':
      return { ...output, value: { note, result: output.value } }
    case 'content':
      return { ...output, value: [{ type: 'text', text: note }, ...output.value] }
    default:
      return output
  }
}

/** How the tool of this name shows its results, when it does that itself. A client may have chosen the name. */
export function outputOf(tools: ToolSet | undefined, name: string): ToModelOutput | undefined {
  return tools !== undefined && Object.hasOwn(tools, name) ? tools[name]?.toModelOutput : undefined
}

/** The notes of edited calls, by the input that the model wrote: the SDK hands the same object to `toModelOutput`. */
export type EditNotes = {
  /** The output for the app and the user interface, and a note for the model beside it when the input was edited. */
  add(
    output: unknown,
    edited: Json | undefined,
    input: unknown,
    own: ToModelOutput | undefined,
  ): unknown
  toModelOutput(own: ToModelOutput | undefined): ToModelOutput
}

/**
 * The model still sees the arguments it wrote itself, so it must be told. The output that the app reads keeps its
 * type: only plain text carries the note in itself, for it then stays in every later turn.
 */
export function editNotes(): EditNotes {
  const notes = new WeakMap<object, string>()
  /** Those made below, so that none is made of another. */
  const made = new WeakMap<ToModelOutput, { own: ToModelOutput | undefined }>()

  function withNotes(own: ToModelOutput | undefined): ToModelOutput {
    const toModelOutput = async (given: Parameters<ToModelOutput>[0]): Promise<ModelOutput> => {
      assertAnswered(given.output)
      const output = own === undefined ? plainOutput(given.output) : await own(given)
      const note = typeof given.input === 'object' ? notes.get(given.input ?? {}) : undefined
      return note === undefined ? output : withNote(output, note)
    }
    made.set(toModelOutput, { own })
    return toModelOutput
  }

  return {
    add(output, edited, input, given) {
      if (edited === undefined) return output
      const note = editedText(edited)
      const own = given && made.has(given) ? made.get(given)?.own : given
      if (typeof output === 'string' && own === undefined) return `${note}\n${output}`
      if (typeof input === 'object' && input !== null) notes.set(input, note)
      return output
    },
    toModelOutput: (own) => (own && made.has(own) ? own : withNotes(own)),
  }
}
