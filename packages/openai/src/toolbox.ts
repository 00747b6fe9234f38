import { type ConfidenceReader, invalidOptions } from '@lelu/engine/adapter'
import type { ChatCompletionTool } from 'openai/resources/chat/completions'
import type { Tool } from 'openai/resources/responses/responses'
import { chatTool, responsesTool, showOnly } from './shown-tool.ts'
import { type BoundTool, bindTool, type GuardableTool } from './tool.ts'

/** The tools of one guard. Found by the model's own words, so never through an object's prototype. */
export type Toolbox = {
  find(kind: BoundTool['kind'], name: string): BoundTool | undefined
  /** A tool as it was given, or as it is shown. */
  bind(tool: GuardableTool): BoundTool
  chat: ChatCompletionTool[]
  responses: Tool[]
  /** The same tools without the reader's field, to ask another model with; others stay as they are. */
  plain(tools: unknown, shape: 'chat' | 'responses'): unknown
}

const keyOf = (kind: string, name: string) => `${kind} ${name}`

/** Throws `LELU_TOOL_UNSUPPORTED` or `LELU_OPTIONS_INVALID` for tools that cannot be told apart or guarded. */
export function createToolbox(
  tools: readonly GuardableTool[],
  reader: ConfidenceReader | undefined,
): Toolbox {
  const added = reader?.added
  const byName = new Map<string, BoundTool>()
  for (const one of tools) {
    const bound = bindTool(one)
    const key = keyOf(bound.kind, bound.name)
    if (byName.has(key)) {
      throw invalidOptions(`There are two tools ${bound.name}.`, 'Give every tool its own name.')
    }
    byName.set(key, bound)
  }
  const all = [...byName.values()]
  const shown = new Map<unknown, BoundTool>()
  const show = <T extends object>(make: (tool: BoundTool) => T): T[] =>
    all.map((tool) => {
      const made = showOnly(make(tool), tool)
      shown.set(made, tool)
      return made
    })
  const [chat, responses] = [
    show((tool) => chatTool(tool, added)),
    show((tool) => responsesTool(tool, added)),
  ]
  const shapes = { chat: chatTool, responses: responsesTool }
  return {
    find: (kind, name) => byName.get(keyOf(kind, name)),
    bind: (tool) => shown.get(tool) ?? bindTool(tool),
    chat,
    responses,
    plain(given, shape) {
      if (!Array.isArray(given)) return given
      return given.map((one) => {
        const tool = shown.get(one)
        return tool === undefined ? one : shapes[shape](tool, undefined)
      })
    },
  }
}
