import {
  type AgentOutputItem,
  type FunctionCallItem,
  type Model,
  type ModelRequest,
  type ModelResponse,
  type StreamEvent,
  Usage,
} from '@openai/agents'

/** `item` is the id that the provider gives the item itself; most give one, and each time another. */
type Call = { id: string; tool: string; namespace?: string; input: unknown; item?: string }

/** The text of a call's arguments; `raw` is sent as it stands. */
function textOf(input: unknown): string {
  const { raw } = (input ?? {}) as { raw?: unknown }
  return typeof raw === 'string' ? raw : JSON.stringify(input)
}

/** One answer of the model that makes these calls. */
export function calling(...calls: Call[]): FunctionCallItem[] {
  return calls.map(({ id, tool, namespace, input, item }) => ({
    type: 'function_call',
    callId: id,
    name: tool,
    ...(namespace !== undefined && { namespace }),
    status: 'completed',
    arguments: textOf(input),
    ...(item !== undefined && { id: item }),
  }))
}

/** The last word of the model. */
export const finished: AgentOutputItem = {
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: 'Finished.' }],
}

/** A model that makes the calls of each step in turn, then finishes, as often as it is asked. */
export class ScriptedModel implements Model {
  readonly requests: ModelRequest[] = []
  readonly #steps: AgentOutputItem[][]

  constructor(...steps: AgentOutputItem[][]) {
    this.#steps = steps
  }

  async getResponse(request: ModelRequest): Promise<ModelResponse> {
    this.requests.push(request)
    const output = this.#steps.shift() ?? [finished]
    const usage = new Usage({ requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 })
    return { usage, output, responseId: `response-${this.requests.length}` }
  }

  async *getStreamedResponse(request: ModelRequest): AsyncIterable<StreamEvent> {
    const { output, responseId = '' } = await this.getResponse(request)
    yield { type: 'response_started' }
    yield {
      type: 'response_done',
      response: {
        id: responseId,
        usage: { requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 },
        output,
      },
    } as StreamEvent
  }
}
