import { type AddedField, addField, LeluError } from '@lelu/engine/adapter'
import type { ChatCompletionTool } from 'openai/resources/chat/completions'
import type { Tool } from 'openai/resources/responses/responses'
import { textWithout } from './added-text.ts'
import { type BoundTool, type Declaration, declarationOf, type GuardableTool } from './tool.ts'

/** The same object with other own members, the hidden ones of the SDK's helpers among them: a spread drops those. */
export function cloneWith<T extends object>(object: T, members: PropertyDescriptorMap): T {
  const own = Object.getOwnPropertyDescriptors(object)
  return Object.create(Object.getPrototypeOf(object), { ...own, ...members }) as T
}

/** A parser for text in which the model has filled the added field in. */
function withoutField(parse: (text: string) => unknown, field: AddedField) {
  return (text: string) => parse(textWithout(text, field))
}

/** Another parser in the place where the tool has its own, as hidden as that. */
export function withParser<T extends object>(
  holder: T,
  name: 'parse' | '$parseRaw',
  wrap: (parse: (text: string) => unknown) => (text: string) => unknown,
): PropertyDescriptorMap {
  const found = Object.getOwnPropertyDescriptor(holder, name)
  if (typeof found?.value !== 'function') return {}
  return { [name]: { ...found, value: wrap(found.value.bind(holder)) } }
}

/** The tool as it is, or with one more field in what the model is shown. */
function withField({ kind, name, source }: BoundTool, field: AddedField | undefined) {
  if (field === undefined || kind === 'custom') return source
  const wrap = (parse: (text: string) => unknown) => withoutField(parse, field)
  const declared = declarationOf(source)
  const parameters = { value: addField(declared.parameters, field, name), enumerable: true }
  const hidden = withParser(source, '$parseRaw', wrap)
  if (declared === (source as unknown)) return cloneWith(source, { parameters, ...hidden })
  const nested = cloneWith(declared, { parameters, ...withParser(declared, 'parse', wrap) })
  return cloneWith(source, { function: { value: nested, enumerable: true }, ...hidden })
}

const shared: readonly string[] = ['name', 'description', 'parameters', 'strict', 'format']

/** The fields that both APIs have, in the order they were written. */
function sharedFields(declared: Declaration, format: unknown): Record<string, unknown> {
  const entries = Object.entries(declared).filter(
    ([key, value]) => shared.includes(key) && value !== undefined,
  )
  return { ...Object.fromEntries(entries), ...(format !== undefined && { format }) }
}

type Grammar = { type?: unknown; grammar?: object; definition?: unknown; syntax?: unknown }

/** A grammar is nested in Chat Completions and flat in Responses. */
function flatFormat(format: unknown): unknown {
  const { type, grammar } = (format ?? {}) as Grammar
  return grammar === undefined ? format : { type, ...grammar }
}

function nestedFormat(format: unknown): unknown {
  const { type, definition, syntax } = (format ?? {}) as Grammar
  return type === 'grammar' && definition !== undefined
    ? { type, grammar: { definition, syntax } }
    : format
}

/** The helpers' hidden members, so that `parse()` and `stream()` work on the other API's shape as well. */
function hiddenOf(tool: object): PropertyDescriptorMap {
  const own = Object.getOwnPropertyDescriptors(tool) as PropertyDescriptorMap
  return Object.fromEntries(Object.entries(own).filter(([name]) => name.startsWith('$')))
}

const isNested = (tool: GuardableTool) => declarationOf(tool) !== (tool as unknown)

/** The shape of `chat.completions`: the very tool that was given where it has this shape and no field is added. */
export function chatTool(tool: BoundTool, field: AddedField | undefined): ChatCompletionTool {
  const shown = withField(tool, field)
  if (isNested(shown)) return shown as ChatCompletionTool
  const declared = declarationOf(shown)
  const nested = sharedFields(declared, nestedFormat(declared.format))
  const made = { type: tool.kind, [tool.kind]: nested }
  return Object.defineProperties(made, hiddenOf(shown)) as unknown as ChatCompletionTool
}

/** The shape of `responses`, as `zodResponsesFunction` would have made it. */
export function responsesTool(tool: BoundTool, field: AddedField | undefined): Tool {
  const shown = withField(tool, field)
  if (!isNested(shown)) return shown as Tool
  const declared = declarationOf(shown)
  const flat = { type: tool.kind, ...sharedFields(declared, flatFormat(declared.format)) }
  if (tool.kind === 'custom') return flat as Tool
  // Unsaid, `strict` is false in Chat Completions and true in Responses.
  const { parameters = null, strict } = declared
  const made = { ...flat, name: tool.name, parameters, strict: strict ?? false }
  return Object.defineProperties(made, hiddenOf(shown)) as unknown as Tool
}

/** Replaces a function that is there; answers no member where there is none. */
function blocked(holder: object, name: string, refuse: () => never): PropertyDescriptorMap {
  const found = Object.getOwnPropertyDescriptor(holder, name)
  return typeof found?.value === 'function' ? { [name]: { ...found, value: refuse } } : {}
}

/**
 * The same to the model, but not to run. Against a runner that is handed the shown tools: it would call their functions
 * without a decision.
 */
export function showOnly<T extends object>(shown: T, { name, kind }: BoundTool): T {
  const refuse = (): never => {
    throw new LeluError(
      'LELU_CALL_INVALID',
      `The tool ${name} was called without a decision. It was not run.`,
      {
        help: 'Pass guard.runnable(tool) to runTools(), or guard.runnerFunction(tool) to ResponsesToolRunner.',
      },
    )
  }
  const members = { ...blocked(shown, '$callback', refuse), ...blocked(shown, 'function', refuse) }
  const declared = declarationOf(shown as unknown as GuardableTool)
  if (kind === 'custom' || declared === (shown as unknown)) return cloneWith(shown, members)
  // Without its function, a tool that had its name from there would have none.
  const named = { name: { value: name, enumerable: true } }
  const value = cloneWith(declared, { ...named, ...blocked(declared, 'function', refuse) })
  return cloneWith(shown, { ...members, function: { value, enumerable: true } })
}
