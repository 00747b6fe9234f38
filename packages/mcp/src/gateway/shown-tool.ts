import { addField } from '@lelu/engine/adapter'
import type { GovernedTool } from '../calls/governed-tool.ts'
import type { McpTool } from '../surface/surface.ts'
import { shownSchema } from './definition.ts'
import { shownOutput } from './shown-output.ts'
import { strippedLine, strippedText } from './stripped-text.ts'

const shown = new WeakMap<GovernedTool, Omit<McpTool, 'call'>>()

/** A tool of an upstream as clients see it. */
export function shownTool(name: string, tool: GovernedTool, call: McpTool['call']): McpTool {
  const known = shown.get(tool) ?? showTool(name, tool)
  // The list is asked for at every call.
  shown.set(tool, known)
  return { ...known, call }
}

function showTool(name: string, tool: GovernedTool): Omit<McpTool, 'call'> {
  const { title, description = '', inputSchema, outputSchema, annotations } = tool.pinned.definition
  const output = shownOutput(outputSchema)
  const schema = shownSchema(inputSchema)
  return {
    name,
    description: strippedText(description),
    inputSchema: tool.field === undefined ? schema : addField(schema, tool.field, name),
    ...(output !== undefined && { outputSchema: output }),
    ...(title !== undefined && { title: strippedLine(title) }),
    ...(annotations !== undefined && { annotations: shownAnnotations(annotations) }),
  }
}

function shownAnnotations(
  given: NonNullable<GovernedTool['pinned']['definition']['annotations']>,
): NonNullable<McpTool['annotations']> {
  const own = new Map(Object.entries(given))
  const flag = (name: string) => {
    const value = own.get(name)
    return typeof value === 'boolean' ? { [name]: value } : {}
  }
  const title = own.get('title')
  return {
    ...(typeof title === 'string' && { title: strippedLine(title) }),
    ...flag('readOnlyHint'),
    ...flag('destructiveHint'),
    ...flag('idempotentHint'),
    ...flag('openWorldHint'),
  }
}
