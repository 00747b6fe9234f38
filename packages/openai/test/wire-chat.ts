import { Refused, type WireAnswer, type WireCall } from './wire.ts'

type Message = { role: string; tool_calls?: { id: string }[]; tool_call_id?: string }

/** The order that the provider insists on: every call is answered before anything else is said. */
export function checkMessages(messages: unknown): void {
  let open: string[] = []
  for (const { role, tool_calls = [], tool_call_id = '' } of messages as Message[]) {
    if (role === 'tool') {
      if (!open.includes(tool_call_id)) {
        throw new Refused(`An answer to ${tool_call_id}, which nobody asked.`)
      }
      open = open.filter((id) => id !== tool_call_id)
      continue
    }
    if (open.length > 0) break
    open = tool_calls.map(({ id }) => id)
  }
  if (open.length > 0) {
    throw new Refused(`tool_call_ids did not have response messages: ${open.join(', ')}`)
  }
}

function wireCall({ id, name, arguments: text, type = 'function' }: WireCall) {
  return type === 'custom'
    ? { id, type, custom: { name, input: text } }
    : { id, type: 'function', function: { name, arguments: text } }
}

const head = (count: number) => ({
  id: `chatcmpl-${count}`,
  created: 1_790_000_000,
  model: 'gpt-test',
})

export function chatCompletion({ calls = [], text, logprobs = null }: WireAnswer, count: number) {
  const tool_calls = calls.map(wireCall)
  const message = {
    role: 'assistant',
    content: text ?? null,
    refusal: null,
    ...(calls.length > 0 && { tool_calls }),
  }
  const finish_reason = calls.length > 0 ? 'tool_calls' : 'stop'
  return {
    ...head(count),
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs, finish_reason }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }
}

/** Arguments come in pieces, as the provider sends them. */
export function chatChunks({ calls = [], text }: WireAnswer, count: number) {
  const chunk = (delta: unknown, finish_reason: string | null = null) => ({
    data: {
      ...head(count),
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason, logprobs: null }],
    },
  })
  const pieces = calls.flatMap((call, index) => {
    const { id, name, arguments: args } = call
    const half = Math.ceil(args.length / 2)
    const part = (more: object) => chunk({ tool_calls: [{ index, ...more }] })
    return [
      part({ id, type: 'function', function: { name, arguments: '' } }),
      part({ function: { arguments: args.slice(0, half) } }),
      part({ function: { arguments: args.slice(half) } }),
    ]
  })
  return [
    chunk({ role: 'assistant', content: text ?? null }),
    ...pieces,
    chunk({}, calls.length > 0 ? 'tool_calls' : 'stop'),
    { data: '[DONE]' },
  ]
}
