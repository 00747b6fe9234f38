import type { Json } from '@lelu/engine'
import {
  type CallToolResult,
  type GetPromptResult,
  inputRequired,
  McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server'
import type { Answers, Asked, CallContext, Peer } from '../surface/call.ts'
import type { Principal } from '../surface/principal.ts'
import type { McpTool } from '../surface/surface.ts'
import { callTool, findTool } from './call-tool.ts'
import { capabilitiesOf } from './capabilities.ts'
import {
  complete,
  listedPrompts,
  listedResources,
  listedTemplates,
  listedTools,
  promptOf,
  readResource,
} from './listings.ts'
import { modernPeer } from './modern-peer.ts'
import { serveTasks, taskResult } from './modern-tasks.ts'
import type { EraOptions } from './options.ts'
import { asRequest, assertAskable, isAsked, sortReplies } from './questions.ts'
import { asFault } from './rpc-fault.ts'
import { createStateSeal, type StateBinding, type StateSeal } from './state.ts'

/**
 * One server of the modern era: made for each request over HTTP, once for a connection over stdio. `called` are the tools
 * that headers which repeat arguments are checked against.
 */
export function modernServer(
  options: EraOptions,
  principal: Principal,
  called: readonly McpTool[],
): McpServer {
  const mcp = new HeaderCheckingServer(options, called)
  answerRequests(mcp, options, principal)
  return mcp
}

/** The SDK checks `Mcp-Param-*` headers (SEP-2243) against the schema that this method names, before a handler runs. */
class HeaderCheckingServer extends McpServer {
  readonly #tools: readonly McpTool[]

  constructor({ info, surface }: EraOptions, tools: readonly McpTool[]) {
    const { name, version, title, instructions } = info
    super(
      { name, version, ...(title !== undefined && { title }) },
      {
        capabilities: capabilitiesOf(surface, 'modern'),
        ...(instructions !== undefined && { instructions }),
      },
    )
    this.#tools = tools
  }

  override toolInputSchemaJson(name: string): Record<string, unknown> | undefined {
    return this.#tools.find((tool) => tool.name === name)?.inputSchema
  }
}

function answerRequests({ server }: McpServer, options: EraOptions, principal: Principal): void {
  const { surface, log } = options
  const seal = createStateSeal(options.stateKey)
  const { resources, prompts, completions } = capabilitiesOf(surface, 'modern')
  const guarded = <T>(answer: () => T | Promise<T>): Promise<T> =>
    Promise.resolve()
      .then(answer)
      .catch((error: unknown) => {
        throw asFault(error, log)
      })

  server.setRequestHandler('tools/list', () =>
    guarded(async () => listedTools(await surface.tools(principal), 'modern')),
  )
  server.setRequestHandler('tools/call', ({ params }, ctx) =>
    guarded(async () => {
      const tool = await findTool(surface, params.name, principal)
      if ('absent' in tool) return tool.absent
      const binding = bindingOf(principal, 'tools/call', params.name, params.arguments)
      const context = await contextOf(ctx, principal, seal, binding)
      const answer = await callTool(tool, params.arguments, context, log)
      if (answer.kind === 'result') return answer.result
      if (answer.kind === 'task') return taskResult(answer.task, context.peer)
      return asked(answer, context.peer, seal, binding)
    }),
  )
  if (resources !== undefined) {
    server.setRequestHandler('resources/list', () =>
      guarded(() => listedResources(surface, principal)),
    )
    server.setRequestHandler('resources/templates/list', () =>
      guarded(() => listedTemplates(surface, principal)),
    )
    server.setRequestHandler('resources/read', ({ params }) =>
      guarded(() => readResource(surface, params.uri, principal)),
    )
  }
  if (prompts !== undefined) {
    server.setRequestHandler('prompts/list', () => guarded(() => listedPrompts(surface, principal)))
    server.setRequestHandler('prompts/get', ({ params }, ctx) =>
      guarded(async () => {
        const values = params.arguments ?? {}
        const prompt = promptOf(surface, params.name, values, principal)
        const binding = bindingOf(principal, 'prompts/get', params.name, values)
        const context = await contextOf(ctx, principal, seal, binding)
        const answer = await prompt.get(values, principal, context)
        return isAsked(answer) ? asked(answer, context.peer, seal, binding) : answer
      }),
    )
  }
  if (completions !== undefined) {
    server.setRequestHandler('completion/complete', ({ params }) =>
      guarded(() => complete(surface, params.ref, params.argument, principal)),
    )
  }
  if (surface.tasks !== undefined) serveTasks(server, surface.tasks, principal, guarded)
}

function bindingOf(
  { key }: Principal,
  method: string,
  name: string,
  input: unknown = {},
): StateBinding {
  return { principal: key, method, name, input: input as Json }
}

async function contextOf(
  { mcpReq }: ServerContext,
  principal: Principal,
  seal: StateSeal,
  binding: StateBinding,
): Promise<CallContext> {
  const { _meta: meta = {} } = mcpReq
  const { progressToken } = meta
  return {
    principal,
    peer: modernPeer(mcpReq.envelope ?? {}),
    signal: mcpReq.signal,
    meta,
    answers: await answersOf(mcpReq, seal, binding),
    async progress(step) {
      if (progressToken === undefined) return
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, ...step } })
    },
    log: (level, data, logger) => mcpReq.log(level, data, logger),
  }
}

/** A state is opened even where no answers came with it: a forged one is refused in any case. */
async function answersOf(
  { inputResponses, requestState }: ServerContext['mcpReq'],
  seal: StateSeal,
  binding: StateBinding,
): Promise<Answers | undefined> {
  const sealed = requestState<string>()
  if (inputResponses === undefined && sealed === undefined) return undefined
  const state = sealed === undefined ? null : await seal.open(sealed, binding)
  return sortReplies(Object.entries(inputResponses ?? {}), state)
}

/** Typed as the result of both methods that may ask: the SDK passes it on, and tells it by its `resultType`. */
async function asked(
  answer: Asked,
  peer: Peer,
  seal: StateSeal,
  binding: StateBinding,
): Promise<CallToolResult & GetPromptResult> {
  assertAskable(answer, peer)
  const { questions, state } = answer
  const inputRequests = Object.fromEntries(
    Object.entries(questions).map(([name, question]) => [name, asRequest(question)]),
  )
  const result = inputRequired({
    inputRequests,
    ...(state !== null && { requestState: await seal.seal(state, binding) }),
  })
  return result as unknown as CallToolResult & GetPromptResult
}
