import { editedText, type Json } from '@lelu/engine/adapter'
import type { ToolSet } from 'ai'
import { assertAnswered } from './unanswered.ts'

type ToModelOutput = NonNullable<ToolSet[string]['toModelOutput']>

/** A tool as far as it shows its results. Asked as its method: it may be of a class. */
type Shows = Pick<ToolSet[string], 'toModelOutput'>

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

/** The tool of this name, which may show its results itself. A client may have chosen the name. */
export function toolNamed(tools: ToolSet | undefined, name: string): Shows | undefined {
  return tools !== undefined && Object.hasOwn(tools, name) ? tools[name] : undefined
}

/**
 * The notes of edited calls, by the input that the model wrote: the SDK hands the same object to `toModelOutput`. Where
 * that is a text, as of a custom tool of OpenAI's, by the output and the text: a tool may answer many calls with one object.
 */
export type EditNotes = {
  /** The output for the app and the user interface, and a note for the model beside it when the input was edited. */
  add(output: unknown, edited: Json | undefined, input: unknown, tool: Shows | undefined): unknown
  /** Whether the output has the note in itself. */
  isPlainText(output: unknown, tool: Shows | undefined): boolean
  toModelOutput(tool: Shows | undefined): ToModelOutput
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const keyOf = (input: unknown, output: unknown): object | undefined =>
  [input, output].find(isObject)

/**
 * The model still sees the arguments it wrote itself, so it must be told. The output that the app reads keeps its
 * type: only plain text carries the note in itself, for it then stays in every later turn.
 */
export function editNotes(): EditNotes {
  const notes = new WeakMap<object, { input: unknown; note: string }>()
  /** Those made below, so that none is made of another. */
  const made = new WeakMap<ToModelOutput, { own: ToModelOutput | undefined }>()

  function withNotes(tool: Shows | undefined): ToModelOutput {
    const own = tool?.toModelOutput
    const toModelOutput = async (given: Parameters<ToModelOutput>[0]): Promise<ModelOutput> => {
      assertAnswered(given.output)
      const output =
        own === undefined ? plainOutput(given.output) : await Reflect.apply(own, tool, [given])
      const found = notes.get(keyOf(given.input, given.output) ?? {})
      const isSame = found !== undefined && found.input === given.input
      return isSame ? withNote(output, found.note) : output
    }
    made.set(toModelOutput, { own })
    return toModelOutput
  }

  function isPlainText(output: unknown, tool: Shows | undefined): output is string {
    const given = tool?.toModelOutput
    const own = given && made.has(given) ? made.get(given)?.own : given
    return typeof output === 'string' && own === undefined
  }

  return {
    isPlainText,
    add(output, edited, input, tool) {
      if (edited === undefined) return output
      const note = editedText(edited)
      if (isPlainText(output, tool)) return `${note}\n${output}`
      const key = keyOf(input, output)
      if (key !== undefined) notes.set(key, { input, note })
      return output
    },
    toModelOutput(tool) {
      const own = tool?.toModelOutput
      return own && made.has(own) ? own : withNotes(tool)
    },
  }
}
