import { randomUUID } from 'node:crypto'
import { Refused, type WireAnswer, type WireCall } from './wire.ts'

type Item = Record<string, unknown> & { type?: string }

const answerOf: Record<string, string> = {
  function_call: 'function_call_output',
  custom_tool_call: 'custom_tool_call_output',
  mcp_approval_request: 'mcp_approval_response',
}

const idOf = (item: Item) => String(item.call_id ?? item.approval_request_id ?? item.id)

/** Every call has its answer, and every answer its call. */
export function checkInput(input: unknown): void {
  const items = (Array.isArray(input) ? input : []) as Item[]
  const asked = items.filter(({ type = '' }) => Object.hasOwn(answerOf, type))
  const answers = items.filter(({ type = '' }) => Object.values(answerOf).includes(type))
  for (const call of asked) {
    const count = answers.filter(
      (one) => one.type === answerOf[call.type ?? ''] && idOf(one) === idOf(call),
    ).length
    const calls = asked.filter((one) => one.type === call.type && idOf(one) === idOf(call)).length
    if (count !== calls) throw new Refused(`${count} tool outputs found for call ${idOf(call)}.`)
  }
  for (const one of answers) {
    if (!asked.some((call) => idOf(call) === idOf(one))) {
      throw new Refused(`No tool call found for output ${idOf(one)}.`)
    }
  }
}

function wireItem({ id, name, arguments: text, type = 'function' }: WireCall, place: string) {
  if (type === 'custom') {
    return { type: 'custom_tool_call', id: `ctc_${place}`, call_id: id, name, input: text }
  }
  if (type === 'mcp') {
    return { type: 'mcp_approval_request', id, server_label: 'files', name, arguments: text }
  }
  const status = 'completed'
  return { type: 'function_call', id: `fc_${place}`, call_id: id, name, arguments: text, status }
}

function messageItem(text: string, place: string, logprobs: unknown) {
  const content = [{ type: 'output_text', text, annotations: [], logprobs: logprobs ?? [] }]
  return { type: 'message', id: `msg_${place}`, role: 'assistant', status: 'completed', content }
}

/** The provider runs what was approved in the last items, as it does for a hosted server. */
function hostedCalls(input: unknown): Item[] {
  const items = (Array.isArray(input) ? input : []) as Item[]
  const approved = items.filter((item) => item.type === 'mcp_approval_response' && item.approve)
  return approved.map(({ approval_request_id: id }) => {
    const { name, server_label, arguments: args } = items.find((item) => item.id === id) ?? {}
    const output = `${name} ran`
    const type = 'mcp_call'
    return {
      type,
      approval_request_id: id,
      status: 'completed',
      error: null,
      id: `mcp_${id}`,
      name,
      server_label,
      arguments: args,
      output,
    }
  })
}

export function responseObject(
  { calls = [], text, logprobs }: WireAnswer,
  count: number,
  body: Record<string, unknown>,
) {
  const output = [
    ...hostedCalls(body.input),
    ...calls.map((call, index) => wireItem(call, `${count}_${index}`)),
    ...(text === undefined ? [] : [messageItem(text, `${count}`, logprobs)]),
  ]
  return {
    id: `resp_${randomUUID()}`,
    object: 'response',
    created_at: 1_790_000_000,
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: 'gpt-test',
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    temperature: 1,
    tool_choice: 'auto',
    tools: body.tools ?? [],
    top_p: 1,
    usage: {
      input_tokens: 1,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 1,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 2,
    },
  }
}

/** The events of a stream, in the order of the provider. */
export function responseEvents(response: ReturnType<typeof responseObject>) {
  let sequence_number = 0
  const event = (type: string, more: object) => ({
    event: type,
    data: { type, sequence_number: sequence_number++, ...more },
  })
  const items = response.output.flatMap((item, output_index) => {
    const added = event('response.output_item.added', {
      output_index,
      item: 'arguments' in item ? { ...item, arguments: '', status: 'in_progress' } : item,
    })
    const done = event('response.output_item.done', { output_index, item })
    if (item.type !== 'function_call' || !('arguments' in item)) return [added, done]
    const { id: item_id, arguments: args } = item
    const place = { item_id, output_index }
    return [
      added,
      event('response.function_call_arguments.delta', { ...place, delta: args }),
      event('response.function_call_arguments.done', { ...place, arguments: args }),
      done,
    ]
  })
  const begun = { ...response, status: 'in_progress', output: [], usage: null }
  return [
    event('response.created', { response: begun }),
    ...items,
    event('response.completed', { response }),
  ]
}
