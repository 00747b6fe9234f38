import type { AgentTool } from './agent-tool.ts'

type Validate = (output: unknown, ...rest: unknown[]) => unknown

/** Where the SDK keeps the validator of outputs: under a symbol of its own, on tools whose `outputSchema` is of zod. */
function validatorSymbol(tool: AgentTool): symbol | undefined {
  return Object.getOwnPropertySymbols(tool).find(
    ({ description }) => description === 'openai.agents.functionToolOutputValidator',
  )
}

/**
 * What lets a refusal of a tool with an `outputSchema` be an answer. The SDK takes it for an output, and one that no
 * `errorFunction` brings into the form of the schema ends the run, again each time that the run is resumed. Nothing for
 * tools that have one. What the tool itself puts out or throws goes on as it did: its `invoke` does not look here.
 */
export function refusalMembers(tool: AgentTool): Partial<AgentTool> {
  if (tool.outputSchema === undefined || typeof tool.errorFunction === 'function') return {}
  const told = new Set<unknown>()
  const symbol = validatorSymbol(tool)
  const validate = symbol && (Reflect.get(tool, symbol) as Validate)
  return {
    async errorFunction(_runContext: unknown, error: unknown) {
      const text = error instanceof Error ? error.message : String(error)
      if (validate !== undefined) told.add(text)
      return text
    },
    ...(symbol !== undefined &&
      validate !== undefined && {
        [symbol]: (output: unknown, ...rest: unknown[]) =>
          told.delete(output) ? output : validate(output, ...rest),
      }),
  }
}
