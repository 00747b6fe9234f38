import { AIMessage } from '@langchain/core/messages'
import { MemorySaver, MessagesAnnotation, StateGraph } from '@langchain/langgraph'
import { ToolNode } from '@langchain/langgraph/prebuilt'
import { createAiGuard } from '@lelu/ai-sdk'
import type { Lelu, Subject } from '@lelu/engine'
import { guardTools } from '@lelu/langchain'
import { guardFunctions } from '@lelu/openai'
import { guardAgentTool } from '@lelu/openai/agents'
import {
  Agent,
  tool as agentTool,
  type Model,
  Runner,
  type ToolInputGuardrailDefinition,
  Usage,
} from '@openai/agents'
import { tool as aiTool, generateText, stepCountIs, wrapLanguageModel } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { tool as langchainTool } from 'langchain'
import { z } from 'zod'

/**
 * One step of a model that makes so many calls of one tool, with Lelu in front of it or without. Tools are guarded once,
 * as an app does it.
 */
export type Step = (calls: number) => Promise<void>

/**
 * `hooked`: the step with those hooks of the framework that Lelu uses, which do nothing but allow. What they take is the
 * framework's own, and nobody who asks before a call can have it for less.
 */
export type Framework = {
  name: string
  bare: Step
  hooked?: Step
  guarded: (lelu: Lelu) => Step
}

/** `hooks` in place of an engine: the framework's own, empty. */
type Who = Lelu | 'hooks' | undefined
const engineOf = (who: Who): Lelu | undefined => (who === 'hooks' ? undefined : who)

const subject: Subject = {
  id: 'trader-1',
  type: 'agent',
  actingFor: { id: 'user-7', type: 'user' },
}
const context = { frozen: false, environment: 'staging' }
const schema = z.object({ symbol: z.string(), amount: z.number() })
const input = { symbol: 'ACME', amount: 5 }
const signal = { method: 'external', trust: 'adapter', value: 0.97, score: null } as const
const confidence = () => signal
const options = { subject, context, confidence }

let runs = 0
function nextRun(): string {
  runs += 1
  return `run-${runs}`
}
const ids = (calls: number) => Array.from({ length: calls }, (_, n) => `call_${n}`)

let executed = 0
const execute = async ({ amount }: { amount: number }) => {
  executed += 1
  return `traded ${amount}`
}

/** A step that refused a call would be fast: each must have run them all. */
function checked(name: string, step: Step): Step {
  return async (calls) => {
    executed = 0
    await step(calls)
    if (executed !== calls) throw new Error(`${name} ran ${executed} of ${calls} calls.`)
  }
}

/** The bare step, and the engine asked of each call right behind it: what no adapter can have for less. */
export const engineAlone =
  (bare: Step, lelu: Lelu): Step =>
  async (calls) => {
    await bare(calls)
    const run = nextRun()
    const asked = ids(calls).map((id) => {
      const call = { id, tool: 'trade', input }
      return lelu.guard({ subject, call, run, context, confidence: signal }, () => 'traded 5')
    })
    for (const { status } of await Promise.all(asked)) {
      if (status !== 'executed') throw new Error(`The engine alone: ${status}.`)
    }
  }

/** A graph of two nodes, as LangGraph runs it, with a memory saver. */
function langchainStep(lelu?: Lelu): Step {
  const plain = [langchainTool(execute, { name: 'trade', schema })]
  const tools = lelu === undefined ? plain : guardTools(plain, { lelu, ...options })
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('tools', new ToolNode(tools))
    .addEdge('__start__', 'tools')
    .compile({ checkpointer: new MemorySaver() })
  return async (calls) => {
    const tool_calls = ids(calls).map((id) => ({ id, name: 'trade', args: input }))
    const message = new AIMessage({ content: '', tool_calls })
    await graph.invoke({ messages: [message] }, { configurable: { thread_id: nextRun() } })
  }
}

function aiStep(who?: Who): Step {
  const lelu = engineOf(who)
  const plain = { trade: aiTool({ inputSchema: schema, execute }) }
  const hooks = who === 'hooks' && { toolApproval: () => 'approved' as const }
  let run = ''
  let count = 0
  const guard = lelu && createAiGuard({ lelu, ...options, run: () => run })
  const model = new MockLanguageModelV4({
    doGenerate: async () => ({
      content: ids(count).map((toolCallId) => ({
        type: 'tool-call',
        toolCallId,
        toolName: 'trade',
        input: JSON.stringify(input),
      })),
      finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
      usage: {
        inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 1, text: 1, reasoning: undefined },
      },
      warnings: [],
    }),
  })
  const settings = {
    model: guard?.model(model) ?? (hooks ? wrapLanguageModel({ model, middleware: {} }) : model),
    tools: guard?.tools(plain) ?? plain,
    ...(guard !== undefined && { toolApproval: guard.toolApproval() }),
    ...hooks,
  }
  return async (calls) => {
    run = nextRun()
    count = calls
    await generateText({ ...settings, stopWhen: stepCountIs(1), prompt: 'Trade.' })
    model.doGenerateCalls.length = 0 // the mock keeps every question
  }
}

/** The SDK has no step without a server, so the bare one is what an app does by hand: parse, call, answer. */
function openaiStep(lelu?: Lelu): Step {
  const trade = {
    type: 'function' as const,
    function: {
      name: 'trade',
      parameters: z.toJSONSchema(schema),
      parse: (text: string) => schema.parse(JSON.parse(text)),
      function: execute,
    },
  }
  let run = ''
  const guard = lelu && guardFunctions({ lelu, ...options, run: () => run, tools: [trade] })
  return async (calls) => {
    run = nextRun()
    const message = {
      role: 'assistant' as const,
      content: null,
      refusal: null,
      tool_calls: ids(calls).map((id) => ({
        id,
        type: 'function' as const,
        function: { name: 'trade', arguments: JSON.stringify(input) },
      })),
    }
    if (guard !== undefined) {
      await guard.executeToolCalls(message, { messages: [message] })
      return
    }
    await Promise.all(
      message.tool_calls.map(async ({ id, function: { arguments: text } }) => ({
        role: 'tool',
        tool_call_id: id,
        content: await trade.function.function(trade.function.parse(text)),
      })),
    )
  }
}

const letThrough: ToolInputGuardrailDefinition = {
  type: 'tool_input',
  name: 'open',
  run: async () => ({ behavior: { type: 'allow' } }),
}

function agentsStep(who?: Who): Step {
  const lelu = engineOf(who)
  const hooks = { needsApproval: async () => false, inputGuardrails: [letThrough] }
  const plain = agentTool({
    ...{ name: 'trade', description: 'Trades.', parameters: schema, execute },
    ...(who === 'hooks' && hooks),
  })
  let run = ''
  const trade = lelu ? guardAgentTool(plain, { lelu, ...options, run: () => run }) : plain
  const runner = new Runner({ tracingDisabled: true })
  return async (calls) => {
    run = nextRun()
    let asked = false
    const model: Model = {
      async getResponse() {
        const usage = new Usage({ requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 })
        if (asked) {
          const text = [{ type: 'output_text' as const, text: 'Done.' }]
          const message = { type: 'message' as const, role: 'assistant' as const, content: text }
          return { usage, output: [{ ...message, status: 'completed' }] }
        }
        asked = true
        return {
          usage,
          output: ids(calls).map((callId) => ({
            type: 'function_call',
            callId,
            name: 'trade',
            status: 'completed',
            arguments: JSON.stringify(input),
          })),
        }
      },
      async *getStreamedResponse() {},
    }
    await runner.run(new Agent({ name: 'trader', model, tools: [trade] }), 'Trade.')
  }
}

const framework = (name: string, step: (who?: Who) => Step, hasHooks = false): Framework => ({
  name,
  bare: checked(name, step()),
  ...(hasHooks && { hooked: checked(name, step('hooks')) }),
  guarded: (lelu) => checked(name, step(lelu)),
})

export const frameworks: readonly Framework[] = [
  framework('LangGraph ToolNode', (who) => langchainStep(engineOf(who))),
  framework('AI SDK generateText', aiStep, true),
  framework('OpenAI chat completions', (who) => openaiStep(engineOf(who))),
  framework('OpenAI Agents SDK', agentsStep, true),
]
