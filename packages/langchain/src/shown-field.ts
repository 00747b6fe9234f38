import { type AddedField, addField, invalidOptions, type Json } from '@lelu/engine/adapter'
import { type BindableTool, isBindable } from './bind-tool.ts'
import { jsonSchemaOf } from './tool-input.ts'

/** The schema of a tool as it is shown to the model: with one more field. What runs is still the tool itself. */
export function schemaWith(tool: BindableTool, field: AddedField): { [key: string]: Json } {
  const schema = jsonSchemaOf(tool)
  if (schema !== undefined) return { type: 'object', ...addField(schema, field, tool.name) }
  throw invalidOptions(
    `The schema of the tool ${tool.name} cannot be shown with a confidence field.`,
    'Give the tool a schema that JSON Schema can say, or use another reader.',
  )
}

/** Whether the model is shown the schema of the tool, and not what a provider defines. */
function showsSchema(tool: unknown): tool is BindableTool & { extras?: object } {
  if (!isBindable(tool)) return false
  const { extras } = tool as { extras?: { providerToolDefinition?: unknown } }
  return extras?.providerToolDefinition === undefined
}

/** What the model is shown, and the names of the tools that the field was added to: only their calls hold it. */
export type ShownTools = { tools: unknown[]; withField: ReadonlySet<string> }

/** As definitions and not as tools: LangChain refuses another tool of the same name here. */
export function showField(tools: readonly unknown[], field: AddedField | undefined): ShownTools {
  const withField = new Set<string>()
  if (field === undefined) return { tools: [...tools], withField }
  const shown = tools.map((tool) => {
    if (!showsSchema(tool)) return tool
    withField.add(tool.name)
    const { name, description, extras } = tool
    return { name, description, schema: schemaWith(tool, field), ...(extras && { extras }) }
  })
  return { tools: shown, withField }
}
