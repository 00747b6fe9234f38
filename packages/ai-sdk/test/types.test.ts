import { generateText, Output, streamText, ToolLoopAgent, tool } from 'ai'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type AiGuard, createAiGuard } from '../src/index.ts'
import { scriptedModel } from './scripted-model.ts'

// No model is called: what counts is what the compiler infers.

const guard: AiGuard<{ chat: string }> = createAiGuard({
  lelu: { guard() {}, approvals: {}, decide() {} } as never,
  run: ({ runtimeContext }) => runtimeContext.chat,
  subject: { id: 'agent-1', type: 'agent' },
})

const weather = tool({
  inputSchema: z.object({ city: z.string() }),
  contextSchema: z.object({ key: z.string() }),
  execute: ({ city }) => ({ city, degrees: 20 }),
})
const plain = tool({ inputSchema: z.object({ n: z.number() }), execute: ({ n }) => n })

test('the types of tools, results and contexts are inferred as without the guard', () => {
  const { model } = scriptedModel([])
  const messages = [{ role: 'user' as const, content: 'Go on.' }]
  const toolsContext = { weather: { key: 'k' } }
  const output = Output.object({ schema: z.object({ done: z.boolean() }) })

  const withGuard = () =>
    generateText({
      model: guard.model(model),
      tools: guard.tools({ weather, plain }),
      toolApproval: guard.toolApproval(),
      toolsContext,
      runtimeContext: { chat: 'c' },
      output,
      messages,
      prepareStep({ runtimeContext }) {
        expectTypeOf(runtimeContext).toEqualTypeOf<{ chat: string }>()
        return {}
      },
    })
  const without = () =>
    generateText({
      model,
      tools: { weather, plain },
      toolsContext,
      runtimeContext: { chat: 'c' },
      output,
      messages,
    })
  expectTypeOf(withGuard).toEqualTypeOf(without)
  expectTypeOf(guard.tools({ weather, plain })).toEqualTypeOf<{
    weather: typeof weather
    plain: typeof plain
  }>()

  const streamed = () =>
    streamText({
      model,
      tools: guard.tools({ weather, plain }),
      toolApproval: guard.toolApproval(),
      toolsContext,
      messages,
    })
  const bare = () => streamText({ model, tools: { weather, plain }, toolsContext, messages })
  expectTypeOf(streamed).toEqualTypeOf(bare)

  const missing = () =>
    // @ts-expect-error the context of the tool is still asked for
    generateText({
      model,
      tools: guard.tools({ weather }),
      toolApproval: guard.toolApproval(),
      messages,
    })
  expectTypeOf(missing).toBeFunction()

  const agent = () =>
    new ToolLoopAgent({
      model,
      tools: guard.tools({ plain }),
      toolApproval: guard.toolApproval(),
    })
  const bareAgent = () => new ToolLoopAgent({ model, tools: { plain } })
  expectTypeOf(agent).toEqualTypeOf(bareAgent)
})

test('a run context of its own is what the options read', () => {
  type Settle = Parameters<typeof guard.settle>[1]
  expectTypeOf<Settle>().toEqualTypeOf<{ runtimeContext?: { chat: string } } | undefined>()
})
