import type { Json } from '@lelu/engine/adapter'
import { argumentsText, type FakeModel, lastWord } from '@lelu/testing/fakes'
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

/** One answer of the model that makes these calls. */
export function calling(...calls: Call[]): FunctionCallItem[] {
  return calls.map(({ id, tool, namespace, input, item }) => ({
    type: 'function_call',
    callId: id,
    name: tool,
    ...(namespace !== undefined && { namespace }),
    status: 'completed',
    arguments: argumentsText({ id, tool, input: input as Json }),
    ...(item !== undefined && { id: item }),
  }))
}

/** The last word of the model. */
export const finished: AgentOutputItem = {
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text: lastWord }],
}

/** A model that answers what it is told to. `said` is how many answers it has been asked for before. */
export class AnsweringModel implements Model {
  readonly requests: ModelRequest[] = []
  readonly #answer: (said: number) => AgentOutputItem[]

  constructor(answer: (said: number) => AgentOutputItem[]) {
    this.#answer = answer
  }

  async getResponse(request: ModelRequest): Promise<ModelResponse> {
    const output = this.#answer(this.requests.push(request) - 1)
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

/** A model that makes the calls of each step in turn, then finishes, as often as it is asked. */
export class ScriptedModel extends AnsweringModel {
  constructor(...steps: AgentOutputItem[][]) {
    super((said) => steps[said] ?? [finished])
  }
}

/** The suite's model in the words of the SDK. Throws where that one does. */
export function speak(model: FakeModel): AnsweringModel {
  return new AnsweringModel((said) => {
    const calls = model.answer(said)
    return calls.length === 0 ? [finished] : calling(...calls)
  })
}
