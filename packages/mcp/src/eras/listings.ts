import type {
  CompleteResult,
  ListPromptsResult,
  ListResourcesResult,
  ListResourceTemplatesResult,
  ListToolsResult,
  ReadResourceResult,
} from '@modelcontextprotocol/server'
import type { Principal } from '../surface/principal.ts'
import type { McpPrompt, McpTool, Surface } from '../surface/surface.ts'
import { RpcFault, rpcCodes } from './rpc-fault.ts'

/**
 * Tools as `tools/list` shows them, in the order of the surface. A client of the legacy era refuses the whole list for
 * one output schema that is not of an object, so there it is left out.
 */
export function listedTools(tools: readonly McpTool[], era: 'legacy' | 'modern'): ListToolsResult {
  return {
    tools: tools.map(
      ({ name, title, description, inputSchema, outputSchema, annotations, meta }) => ({
        name,
        ...(title !== undefined && { title }),
        description,
        inputSchema: { ...inputSchema, type: 'object' as const },
        ...(outputSchema !== undefined &&
          (era === 'modern' || outputSchema.type === 'object') && {
            outputSchema: outputSchema as { type: 'object' },
          }),
        ...(annotations !== undefined && { annotations }),
        ...(meta !== undefined && { _meta: { ...meta } }),
      }),
    ),
  }
}

export async function listedResources(
  { resources }: Surface,
  principal: Principal,
): Promise<ListResourcesResult> {
  const listed = (await resources?.(principal)) ?? []
  return { resources: listed.map((resource) => ({ ...resource })) }
}

export function listedTemplates(
  { templates }: Surface,
  principal: Principal,
): ListResourceTemplatesResult {
  const listed = templates?.(principal) ?? []
  return { resourceTemplates: listed.map(({ complete: _complete, ...template }) => template) }
}

export async function readResource(
  surface: Surface,
  uri: string,
  principal: Principal,
): Promise<ReadResourceResult> {
  const found = await surface.read?.(uri, principal)
  if (found !== undefined) return found
  throw new RpcFault(rpcCodes.resourceNotFound, 'There is no such resource.', { uri })
}

export function listedPrompts({ prompts }: Surface, principal: Principal): ListPromptsResult {
  const listed = prompts?.(principal) ?? []
  return {
    prompts: listed.map(({ complete: _complete, get: _get, ...prompt }) => prompt),
  }
}

/** The prompt of that name, with its required arguments checked. */
export function promptOf(
  { prompts }: Surface,
  name: string,
  values: Readonly<Record<string, string>>,
  principal: Principal,
): McpPrompt {
  const prompt = prompts?.(principal).find((prompt) => prompt.name === name)
  if (prompt === undefined) throw new RpcFault(rpcCodes.params, 'There is no such prompt.')
  const missing = prompt.arguments?.find(
    ({ name, required }) => required === true && !Object.hasOwn(values, name),
  )
  if (missing === undefined) return prompt
  throw new RpcFault(rpcCodes.params, `The prompt needs its argument ${missing.name}.`)
}

/** What `completion/complete` asks for. */
export type CompletionRef = { type: string; name?: string; uri?: string }

/** The specification's limit. */
const maxCompletions = 100

export async function complete(
  surface: Surface,
  ref: CompletionRef,
  argument: { name: string; value: string },
  principal: Principal,
): Promise<CompleteResult> {
  const completer =
    ref.type === 'ref/prompt'
      ? surface.prompts?.(principal).find(({ name }) => name === ref.name)
      : surface.templates?.(principal).find(({ uriTemplate }) => uriTemplate === ref.uri)
  if (completer === undefined)
    throw new RpcFault(rpcCodes.params, 'There is no such prompt or resource template.')
  const values = (await completer.complete?.(argument.name, argument.value, principal)) ?? []
  return {
    completion: {
      values: values.slice(0, maxCompletions),
      total: values.length,
      hasMore: values.length > maxCompletions,
    },
  }
}
