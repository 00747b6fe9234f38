import {
  type AddedField,
  asInput,
  editMisfit,
  invalidOptions,
  isSameInput,
  type Json,
  jsonText,
  LeluError,
  plainSchema,
  takeField,
} from '@lelu/engine/adapter'
import type { ChatCompletionTool } from 'openai/resources/chat/completions'
import type { CustomTool, FunctionTool } from 'openai/resources/responses/responses'
import { textWithout } from './added-text.ts'
import { isObject } from './is-object.ts'

/** `never`: each tool takes arguments of its own, and only its own parser makes them. */
type Callback = (...args: never[]) => unknown

/** What `runTools` takes: without `parse`, the function gets the arguments as JSON text. */
export type RunnableTool = {
  type: 'function'
  function: {
    name?: string | undefined
    description?: string | undefined
    parameters?: unknown
    strict?: boolean | null | undefined
    parse?: ((text: string) => unknown) | undefined
    function?: Callback | undefined
  }
}

/** A custom tool, in the shape of either API, with what runs it: the SDK has no place of its own for that. */
export type RunnableCustomTool = (
  | { type: 'custom'; custom: { name: string; description?: string; format?: unknown } }
  | { type: 'custom'; name: string; description?: string; format?: unknown }
) & { function: (input: string) => unknown }

/**
 * A tool of the SDK: from `zodFunction`, `standardFunction` or their Responses forms, one for `runTools`, or a custom
 * tool. One without a function is shown to the model, and its calls are refused.
 */
export type GuardableTool =
  | ChatCompletionTool
  | RunnableTool
  | FunctionTool
  | CustomTool
  | RunnableCustomTool

/** A tool as the adapter works with it, whatever its shape. */
export type BoundTool = {
  kind: 'function' | 'custom'
  name: string
  /** In the shape it was given. */
  source: GuardableTool
  /** What checks a reviewer's edit; undefined refuses edits. */
  schema: Json | undefined
  /** The input for what the model wrote; throws when the tool's schema refuses it. */
  parse(text: string): Promise<Json>
  /** Undefined for a tool that only describes itself. */
  run: ((input: Json, ...rest: unknown[]) => unknown) | undefined
}

type Parser = (text: string) => unknown
type Run = (...args: unknown[]) => unknown

/** The members that the SDK's helpers hide from JSON. */
type Branded = { $brand?: unknown; $parseRaw?: Parser; $callback?: Run }

/** The part of a tool that holds its name, in the shape of Chat Completions and of Responses alike. */
export type Declaration = {
  name?: string
  description?: string | null
  parameters?: unknown
  strict?: boolean | null
  format?: unknown
  parse?: Parser
  function?: Run
}

/** The member that declares the tool: nested in Chat Completions, the tool itself in Responses. */
export function declarationOf(tool: GuardableTool): Declaration {
  const nested = (tool as Record<string, unknown>)[tool.type]
  return (isObject(nested) ? nested : tool) as Declaration
}

/** `runTools` names a tool without a name after its function. */
export function nameOf(tool: GuardableTool): string {
  const { name, function: run } = declarationOf(tool)
  return name || (typeof run === 'function' ? run.name : '')
}

function schemaOf(value: unknown): Json | undefined {
  return value === undefined || value === null ? undefined : plainSchema(value as Json)
}

/** The arguments of a function are an object, whatever its parameters say. */
function objectOf(input: Json): Json {
  if (isObject(input) && !Array.isArray(input)) return input
  throw new TypeError('not an object')
}

function bindFunction(tool: GuardableTool): Pick<BoundTool, 'parse' | 'run' | 'schema'> {
  const { $brand, $parseRaw, $callback } = tool as unknown as Branded
  const declared = declarationOf(tool)
  const schema = schemaOf(declared.parameters)
  if ($brand === 'auto-parseable-tool' && $parseRaw !== undefined) {
    const parse = async (text: string) => asInput(await $parseRaw.call(tool, text))
    return { schema, parse, run: $callback && ((...args) => $callback.apply(tool, args)) }
  }
  const { parse, function: run } = declared
  if (parse !== undefined) {
    return {
      schema,
      parse: async (text) => asInput(await parse.call(declared, text)),
      run: run && ((...args) => run.apply(declared, args)),
    }
  }
  // Its function parses the text itself. It gets the text of what was decided on: of two members with one name, or
  // of one that only some parsers see, the policy and the tool must not read different ones.
  return {
    schema,
    parse: async (text) => objectOf(JSON.parse(text) as Json),
    run: run && ((input, ...rest) => run.call(declared, jsonText(input), ...rest)),
  }
}

function bindCustom(tool: GuardableTool): Pick<BoundTool, 'parse' | 'run' | 'schema'> {
  const { function: run } = tool as { function?: Run }
  const { format } = declarationOf(tool) as { format?: { type?: unknown } }
  // A grammar is more than JSON Schema can check, so there edits are refused.
  const free = format === undefined || format === null || format.type === 'text'
  return {
    schema: free ? { type: 'string' } : undefined,
    parse: async (text) => text,
    run: run && ((input) => run.call(tool, input)),
  }
}

/** Reads a tool of any shape; `LELU_TOOL_UNSUPPORTED` for one that the provider runs itself. */
export function bindTool(tool: GuardableTool): BoundTool {
  const { type } = (isObject(tool) ? tool : {}) as { type?: unknown }
  if (type !== 'function' && type !== 'custom') {
    throw new LeluError(
      'LELU_TOOL_UNSUPPORTED',
      `A tool of type ${JSON.stringify(type)} does not run in your code, so it cannot be guarded here.`,
      {
        help: 'Pass it beside guard.tools. For a hosted MCP server, set require_approval to "always" and call executeOutput().',
      },
    )
  }
  const name = nameOf(tool)
  if (name === '') throw invalidOptions('A tool has no name.', 'Give every tool a name.')
  const bound = type === 'function' ? bindFunction(tool) : bindCustom(tool)
  return { kind: type, name, source: tool, ...bound }
}

/** What became of the model's text: the input, and what the reader's own field held. */
export type ParsedText = { input: Json; written: Json; reported?: unknown }

/** Parses what the model wrote, the added field taken out; undefined when the tool refuses it. */
export async function parseText(
  tool: BoundTool,
  text: string,
  added: AddedField | undefined,
): Promise<ParsedText | undefined> {
  try {
    if (tool.kind === 'custom') return { input: text, written: text }
    const taken = takeField(JSON.parse(text) as Json, added)
    const { input: written } = taken
    const hadField = 'reported' in taken
    const input = await tool.parse(hadField ? textWithout(text, added) : text)
    return { input, written, ...(hadField && { reported: taken.reported }) }
  } catch {
    return undefined
  }
}

/**
 * Throws unless the tool's own schema takes an edited input as it stands. JSON Schema says less than zod does
 * (refinements, transforms), so what a reviewer wrote must pass here too before it runs.
 */
export async function assertFits(tool: BoundTool, input: Json): Promise<void> {
  const text = tool.kind === 'custom' ? String(input) : jsonText(input)
  const parsed = await parseText(tool, text, undefined)
  if (parsed !== undefined && isSameInput(parsed.input, input)) return
  throw editMisfit()
}
