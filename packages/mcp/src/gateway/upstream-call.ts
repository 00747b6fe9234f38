import type { Json, ToolEffect } from '@lelu/engine'
import { notRun } from '@lelu/engine/adapter'
import {
  type CallToolResult,
  type ElicitRequest,
  type InputRequiredResult,
  isInputRequiredResult,
  type ProgressCallback,
  SdkError,
  SdkErrorCode,
  type Tool,
} from '@modelcontextprotocol/client'
import type { AskPerson } from '../calls/held-calls.ts'
import { LeluMcpError } from '../errors.ts'
import type { CallContext, Question } from '../surface/call.ts'
import type { Definition } from './definition.ts'
import { signOfLife } from './list-tools.ts'
import { askingDuring, questionOf } from './questions.ts'
import { strippedLine } from './stripped-text.ts'
import type { Upstream } from './upstream.ts'
import { callError, lostError } from './upstream-errors.ts'

export type UpstreamCall = {
  definition: Definition
  effect: ToolEffect
  input: { [key: string]: Json }
  /** Names this effect for a server that can refuse a second one. */
  idempotencyKey: string
  /** Without a sign of life, ms. */
  timeoutMs: number
  signal?: AbortSignal
  progress?: CallContext['progress']
  /** Where questions of the server may go. Left out, they are refused. */
  ask?: AskPerson | undefined
}

/** Progress may prolong a call up to this, ms. */
const longestCallMs = 15 * 60_000
/** The longest result that is passed on, in characters of JSON. */
export const maxResultLength: number = 4 * 1024 * 1024

/** Sends one call once. It is never sent again, whatever becomes of it: that is for the engine and a person to say. */
export async function callUpstream(
  upstream: Upstream,
  call: UpstreamCall,
): Promise<CallToolResult> {
  const { definition, effect, input, timeoutMs, signal, progress, ask } = call
  const failed = { server: upstream.name, tool: definition.name, effect }
  const client = await upstream.client().catch((error: Error) => {
    throw notRun(error)
  })
  const progressed = progress && passProgress(progress)
  // Of the pinned definition, so that no other schema says what goes into headers. Without an output schema: the tool
  // has run, and a result that does not fit is still its result.
  const toolDefinition = {
    name: definition.name,
    inputSchema: definition.inputSchema as Tool['inputSchema'],
  }
  const params = {
    name: definition.name,
    arguments: input,
    _meta: { 'lelu/idempotencyKey': call.idempotencyKey },
  }
  const options = {
    timeout: timeoutMs,
    resetTimeoutOnProgress: true,
    maxTotalTimeout: Math.max(longestCallMs, timeoutMs),
    toolDefinition,
    ...(signal !== undefined && { signal }),
    ...(progressed !== undefined && { onprogress: progressed }),
  }
  let answered = false
  try {
    const send = async (more: object = {}, own: object = {}) => {
      const result = await client.callTool({ ...params, ...more }, { ...options, ...own })
      answered = true
      return result
    }
    const result = await askingDuring(client, ask, () =>
      ask === undefined ? send() : inRounds(upstream.name, ask, send),
    )
    return passedResult(result, failed)
  } catch (error) {
    const told = callError(error, failed)
    const isAway = told.code === 'LELU_MCP_UPSTREAM_AWAY'
    if (told.code === 'LELU_MCP_UPSTREAM_LOST' && !signal?.aborted)
      signOfLife(client).catch(() => upstream.doubt(client))
    if (isAway || isSessionGone(error)) upstream.doubt(client)
    if (!isAway) throw told
    // Of a call in rounds the first one has reached the server.
    throw answered ? lostError(failed, error) : notRun(told)
  }
}

type Send = (more?: object, own?: object) => Promise<CallToolResult>

const maxRounds = 8

/**
 * A server of 2026-07-28 asks within its result, and gets the call once more with the answers: the same call, which it
 * has not carried out yet. Anything else it asks for is refused.
 */
async function inRounds(server: string, ask: AskPerson, send: Send): Promise<CallToolResult> {
  let result = await send({}, { allowInputRequired: true })
  for (let round = 0; isInputRequiredResult(result); round += 1) {
    const { inputRequests = {}, requestState } = result as InputRequiredResult
    const questions = Object.entries(inputRequests).map(([name, { method, params }]) => {
      const isQuestion = method === 'elicitation/create'
      const question = isQuestion
        ? questionOf(server, params as ElicitRequest['params'])
        : undefined
      return [name, question] as const
    })
    const refused = questions.some(([, question]) => question === undefined)
    if (refused || questions.length === 0 || round === maxRounds) throw refusedQuestion()
    const inputResponses = await ask(Object.fromEntries(questions) as Record<string, Question>)
    const state = requestState === undefined ? {} : { requestState }
    result = await send({ inputResponses, ...state }, { allowInputRequired: true })
  }
  return result
}

/** What the SDK itself throws where no question is passed on. */
function refusedQuestion(): SdkError {
  return new SdkError(SdkErrorCode.UnsupportedResultType, 'refused', {
    resultType: 'input_required',
  })
}

function passProgress(progress: CallContext['progress']): ProgressCallback {
  return ({ progress: done, total, message }) => {
    const step = {
      progress: done,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message: strippedLine(message) }),
    }
    progress(step).catch(() => {})
  }
}

/** The result as it is, but for what only the gateway may say; one that is too large says so instead. */
function passedResult(
  result: CallToolResult,
  { server, tool }: { server: string; tool: string },
): CallToolResult {
  const { _meta, ...rest } = result
  const passed: CallToolResult = { ...rest, ...(_meta !== undefined && { _meta: ownMeta(_meta) }) }
  // `resultType` belongs to the wire; what serves the surface says its own.
  if ('resultType' in passed) delete passed.resultType
  const { length } = JSON.stringify(passed)
  if (length <= maxResultLength) return passed
  const { code, message } = new LeluMcpError(
    'LELU_MCP_RESULT_TOO_LARGE',
    `The server ${server} ran ${tool}. Its result has ${length} characters and is not passed on. Do not repeat the call for it.`,
    { help: 'Ask for less at once.' },
  )
  return { content: [{ type: 'text', text: `${code}: ${message}` }], isError: true }
}

/** Words of the protocol and of ours are not an upstream's to say. */
function ownMeta(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const reserved = /^(?:lelu|(?:[a-z0-9-]+\.)*(?:modelcontextprotocol|mcp)(?:\.[a-z0-9-]+)*)\//i
  return Object.fromEntries(Object.entries(meta).filter(([key]) => !reserved.test(key)))
}

function isSessionGone(error: unknown): boolean {
  return (error as { status?: unknown } | null)?.status === 404
}
