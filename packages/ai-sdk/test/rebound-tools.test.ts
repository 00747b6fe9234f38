import * as ai from 'ai'
import { generateText, isStepCount, type ToolSet, tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { scriptedModel } from './scripted-model.ts'
import { answers, createTools, guardWith, logOf, openLelu, question } from './support.ts'

// For each step the SDK puts another `execute` into such tools. Its first versions have none.
const { experimental_toolCaller: callerOf, toolSearch } = ai as Partial<typeof ai>

const inputSchema = z.object({ amount: z.number() })

/** A tool that runs a program of the model's, which calls other tools. */
function codeMode(name: string) {
  const { tools, ran: inner } = createTools()
  const ran: number[] = []
  const made = (bound: ToolSet) =>
    tool({
      inputSchema,
      async execute({ amount }, options): Promise<unknown> {
        ran.push(amount)
        const { execute } = bound.allowed as { execute?: (...given: unknown[]) => unknown }
        return execute?.({ amount, note: 'x' }, options)
      },
    })
  const bind = (bound: ToolSet) => made(bound) as never
  const code = callerOf?.(made({}) as never, { type: 'local', bind })
  return { tools: { [name]: code, allowed: tools.allowed } as ToolSet, ran, inner }
}

async function play(name: string, approval: boolean) {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran, inner } = codeMode(name)
  const { model } = scriptedModel([[{ id: 'c1', tool: name, input: { amount: 5 } }]])
  const { responseMessages } = await generateText({
    ...{ model, messages: question, maxRetries: 0, stopWhen: isStepCount(4) },
    tools: guard.tools(tools),
    ...(approval && { toolApproval: guard.toolApproval() }),
    experimental_toolCallers: { allowed: [name] } as never,
  })
  return { answer: JSON.stringify(answers(responseMessages).c1), ran, inner }
}

const settings = [true, false]

test.skipIf(callerOf === undefined).each(settings)(
  'a tool that calls tools runs when it is allowed, asked before: %s',
  async (approval) => {
    const { answer, ran, inner } = await play('allowed_code', approval)
    expect(ran).toEqual([5])
    expect(inner).toHaveLength(1)
    expect(answer).toContain('allowed did 5')
  },
)

test.skipIf(callerOf === undefined).each(settings)(
  'a tool that calls tools does not run when it is denied, asked before: %s',
  async (approval) => {
    const { answer, ran, inner } = await play('denied_code', approval)
    expect([...ran, ...inner]).toEqual([])
    expect(answer).toContain('enied')
  },
)

test.skipIf(toolSearch === undefined)(
  "a search for tools is the SDK's own and is named as not covered; what it finds is decided",
  async () => {
    const lelu = await openLelu()
    const guard = guardWith(lelu)
    const {
      tools: { allowed },
    } = createTools()
    const search = toolSearch?.({ search: ({ tools }) => tools.map(({ name }) => name) })
    const tools = { search, allowed: Object.assign({}, allowed, { deferLoading: true }) } as ToolSet
    const { model } = scriptedModel([
      [{ id: 's1', tool: 'search', input: { query: 'allowed' } as never }],
      [{ id: 'c1', tool: 'allowed', input: { amount: 5 } }],
    ])
    const { responseMessages } = await generateText({
      ...{ model, messages: question, maxRetries: 0, stopWhen: isStepCount(4) },
      ...{ tools: guard.tools(tools), toolApproval: guard.toolApproval() },
    })
    expect(guard.uncovered(tools)).toEqual(['search'])
    expect(JSON.stringify(answers(responseMessages).c1)).toContain('allowed did 5')
    expect(logOf(lelu)).toHaveLength(2)
  },
)
