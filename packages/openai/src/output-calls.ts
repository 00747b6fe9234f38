import { LeluError } from '@lelu/engine/adapter'
import type {
  Response,
  ResponseInputItem,
  ResponseOutputItem,
} from 'openai/resources/responses/responses'
import { isObject } from './is-object.ts'

/** What is needed of a response to take it up again: store `id`, `output` and `status`. */
export type AnsweredResponse = Pick<Response, 'id' | 'output'> & Partial<Pick<Response, 'status'>>

/** One call of a response. */
export type OutputCall = {
  kind: 'function' | 'custom' | 'mcp'
  /** The call id; of an MCP call, the id of its approval request. */
  id: string
  name: string
  text: string
  server?: string
  namespace?: string
  caller?: { type?: unknown } | null
  end: End
  /** The same in every process. A response has an id of its own, so that ids which are reused stay apart. */
  key: string
  answered: boolean
  repeated: boolean
}

/** Whether the model came to the end of a call. */
type End = 'whole' | 'cut' | 'unknown'

type Status = { status?: unknown }
type Written = Omit<OutputCall, 'end' | 'key' | 'answered' | 'repeated'> & Status

const asText = (value: unknown) => (typeof value === 'string' ? value : '')

/**
 * What a response asks for that failed, was cancelled or is not done yet is not the model's last word, whole or not. Half
 * the arguments of a function are no JSON. Half a text is a text, so for a custom call a status must say it.
 */
function endOf({ kind, status }: Written, response: Status): End {
  const said = [status, response.status].filter((one) => one !== undefined && one !== null)
  if (said.some((one) => one !== 'completed')) return 'cut'
  return kind === 'custom' && said.length === 0 ? 'unknown' : 'whole'
}

function writtenCall(item: ResponseOutputItem): Written | undefined {
  switch (item.type) {
    case 'function_call':
    case 'custom_tool_call': {
      const { call_id, name, namespace, caller } = item
      return {
        kind: item.type === 'function_call' ? 'function' : 'custom',
        id: asText(call_id),
        name: asText(name),
        text: asText(item.type === 'function_call' ? item.arguments : item.input),
        ...(typeof namespace === 'string' && namespace !== '' && { namespace }),
        ...(caller !== undefined && { caller }),
        status: (item as Status).status,
      }
    }
    case 'mcp_approval_request':
      return {
        kind: 'mcp',
        id: asText(item.id),
        name: asText(item.name),
        text: asText(item.arguments),
        server: asText(item.server_label),
      }
    default:
      return undefined
  }
}

const kinds: Record<string, OutputCall['kind']> = {
  function_call_output: 'function',
  custom_tool_call_output: 'custom',
  mcp_approval_response: 'mcp',
}

type Answer = { call_id?: unknown; approval_request_id?: unknown }

/** Of a call or an answer: what both have in common. */
const nameOf = (kind: string, id: unknown) => JSON.stringify([kind, id])

/** A call where it was made last, and how often it is answered behind there. */
type Asked = { made?: Written; answers: number }

/**
 * The calls and answers of a conversation, looked at once: it may be long. An answer in front of a call belongs to a call
 * of an earlier response with its id.
 */
function askedIn(input: readonly ResponseInputItem[]): Map<string, Asked> {
  const asked = new Map<string, Asked>()
  for (const item of input) {
    const made = writtenCall(item as ResponseOutputItem)
    if (made !== undefined) {
      asked.set(nameOf(made.kind, made.id), { made, answers: 0 })
      continue
    }
    const type = 'type' in item ? String(item.type) : ''
    const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined
    if (kind === undefined) continue
    const { call_id, approval_request_id } = item as Answer
    const name = nameOf(kind, kind === 'mcp' ? approval_request_id : call_id)
    const found = asked.get(name) ?? { answers: 0 }
    asked.set(name, { ...found, answers: found.answers + 1 })
  }
  return asked
}

/** How often a call is answered. Where the conversation has another call of its id last, those answers are not its own. */
function answersOf(call: Written, asked: ReadonlyMap<string, Asked>): number {
  const { made, answers } = asked.get(nameOf(call.kind, call.id)) ?? { answers: 0 }
  return made === undefined || (made.name === call.name && made.text === call.text) ? answers : 0
}

function callInvalid(message: string, help: string): LeluError {
  return new LeluError('LELU_CALL_INVALID', `${message} No tool was run.`, { help })
}

const isItems = (value: unknown): value is object[] => Array.isArray(value) && value.every(isObject)

function assertResponse(response: Partial<AnsweredResponse> | undefined): void {
  const { id, output } = response ?? {}
  if (typeof id === 'string' && id !== '' && isItems(output)) return
  throw callInvalid(
    'This is not a response.',
    'Pass the response as the API gave it, or { id, output, status } of it.',
  )
}

/**
 * Against a response that the model still writes, as those in the background are until they have been polled for: what
 * it asks for may not be all, and a model that is told of a refusal would be told for a call it has not made yet.
 */
export function assertEnded({ status }: AnsweredResponse): void {
  if (status !== 'queued' && status !== 'in_progress') return
  throw callInvalid(
    `The response is \`${status}\`: the model has not come to its end.`,
    'Retrieve it until it is `completed`, then pass that one. If its stream broke off and it was not stored, ask the model anew.',
  )
}

/** The calls of a response that are decided here, each with its name in the conversation. */
export function outputCalls(
  response: AnsweredResponse,
  input: readonly ResponseInputItem[],
): OutputCall[] {
  assertResponse(response)
  if (!isItems(input)) {
    throw callInvalid(
      'The option `input` holds something that is no item.',
      'Pass the items of the conversation as they were sent and received.',
    )
  }
  const calls = response.output.flatMap((item) => writtenCall(item) ?? [])
  if (calls.some(({ id }) => id === '')) {
    throw callInvalid('A call of the response has no id.', 'Pass the response as the API gave it.')
  }
  const asked = askedIn(input)
  return calls.map((call, index) => {
    const earlier = calls.slice(0, index).filter(({ id }) => id === call.id)
    const before = earlier.filter(({ kind }) => kind === call.kind).length
    const last = calls.findLast(({ kind, id }) => kind === call.kind && id === call.id) ?? call
    const { status: _, ...named } = call
    return {
      ...named,
      end: endOf(call, response),
      key: JSON.stringify([response.id, call.id]),
      answered: answersOf(last, asked) > before,
      repeated: earlier.length > 0,
    }
  })
}
