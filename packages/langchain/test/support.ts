import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BaseMessage, ToolMessage } from '@langchain/core/messages'
import {
  type BaseCheckpointSaver,
  MemorySaver,
  MessagesAnnotation,
  type RetryPolicy,
  StateGraph,
} from '@langchain/langgraph'
import { ToolNode } from '@langchain/langgraph/prebuilt'
import {
  createLelu,
  isLeluError,
  type Json,
  type Lelu,
  type LeluOptions,
  type Reviewer,
  type Subject,
} from '@lelu/engine'
import { AIMessage, createAgent, fakeModel, tool } from 'langchain'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import {
  guardTools,
  leluMiddleware,
  type MiddlewareOptions,
  pendingApprovals,
  resume,
} from '../src/index.ts'
import { testPolicy } from './policy.ts'

export const subject: Subject = { id: 'agent-1', type: 'agent' }
export const reviewer: Reviewer = { id: 'rita', issuer: 'test', method: 'test' }

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-langchain-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function openLelu(options: Partial<LeluOptions> = {}): Promise<Lelu> {
  const lelu = await createLelu({ directory: temporaryFolder(), policies: testPolicy, ...options })
  onTestFinished(() => lelu.close().catch(() => {}))
  return lelu
}

/** A tool of each kind of decision, that counts its runs. The policy decides by name. */
export function createTools() {
  const ran: { tool: string; input: unknown }[] = []
  const make = <const N extends string>(name: N) =>
    tool(
      (input) => {
        ran.push({ tool: name, input })
        return `${name} did ${input.amount}`
      },
      {
        name,
        description: `Does ${name}.`,
        schema: z.object({ amount: z.coerce.number(), note: z.string().default('none') }),
      },
    )
  const tools = [make('allowed'), make('reviewed'), make('denied')]
  const runsOf = (name: string) => ran.filter((run) => run.tool === name).length
  return { tools, ran, runsOf }
}

export type Call = { id?: string; name: string; args?: Record<string, unknown> }

/** An answer of the model that makes these calls. */
export function calling(...calls: Call[]): AIMessage {
  const tool_calls = calls.map(({ id = 'call_0', name, args = { amount: 5 } }) => ({
    id,
    name,
    args,
  }))
  return new AIMessage({ content: '', tool_calls })
}

/** A model that gives these answers, in order, and then a last one. */
export function answering(...answers: Answer[]): FakeModel {
  const model = fakeModel()
  for (const answer of [...answers, new AIMessage('Finished.')]) model.respond(answer)
  return model
}

type FakeModel = ReturnType<typeof fakeModel>
type Answer = Parameters<FakeModel['respond']>[0]
type Settings = Parameters<typeof createAgent>[0]
type Agent = {
  model: Settings['model'] & object
  tools: readonly unknown[]
  middleware?: readonly unknown[]
  version?: 'v1' | 'v2'
}

/** An agent whose threads are in memory. */
export function agentOf({ model, tools, middleware = [], version = 'v2' }: Agent) {
  return createAgent({
    model,
    tools: tools as Settings['tools'] & object,
    middleware: middleware as Settings['middleware'] & object,
    version,
    checkpointer: new MemorySaver(),
  })
}

/** What decides on the calls of an agent. */
export type Place = 'middleware' | 'guardTool'

type GuardedAgent = Omit<Agent, 'model' | 'middleware'> & {
  lelu: MiddlewareOptions['lelu']
  /** Answers of the model, in order; a last one is added. */
  answers: Answer[]
  place?: Place
  options?: Partial<MiddlewareOptions>
}

/** An agent with a scripted model, and nothing else but ours around its tools. */
export function guardedAgent({
  lelu,
  answers,
  tools,
  place = 'middleware',
  options = {},
  ...rest
}: GuardedAgent) {
  const guard = { lelu, subject, ...options }
  const inTools = place === 'guardTool'
  return agentOf({
    ...rest,
    model: answering(...answers),
    tools: inTools ? guardTools(tools, guard) : tools,
    middleware: inTools ? [] : [leluMiddleware(guard)],
  })
}

type Setup = Pick<GuardedAgent, 'answers' | 'version' | 'options'> & { lelu: Lelu }

export const config = { configurable: { thread_id: 'thread-1' } }
export const ask = { messages: [{ role: 'user' as const, content: 'Go on.' }] }

/** An agent with our middleware, a scripted model and a memory saver. */
export function agentWith({ lelu, answers, version = 'v2', options = {} }: Setup) {
  const { tools, ran, runsOf } = createTools()
  const model = answering(...answers)
  const middleware = [leluMiddleware({ lelu, subject, ...options })]
  const agent = agentOf({ model, tools, version, middleware })
  const resumeDecided = async () => {
    const command = await resume({ result: await agent.graph.getState(config), lelu })
    return command === undefined ? undefined : agent.invoke(command, config)
  }
  return { agent, model, ran, runsOf, resumeDecided }
}

/** A graph whose model gives this one answer, and whose tools are in a plain `ToolNode`. */
export function toolGraph(
  answer: AIMessage,
  tools: readonly unknown[],
  {
    checkpointer = new MemorySaver(),
    ...node
  }: { checkpointer?: BaseCheckpointSaver; retryPolicy?: RetryPolicy } = {},
) {
  return new StateGraph(MessagesAnnotation)
    .addNode('model', () => ({ messages: [answer] }))
    .addNode('tools', new ToolNode(tools as never), node)
    .addEdge('__start__', 'model')
    .addEdge('model', 'tools')
    .compile({ checkpointer })
}

/** What the tools answered the model, by call id. */
export function toolMessages(
  result: { messages: BaseMessage[] } | undefined,
): Record<string, ToolMessage> {
  const messages = (result?.messages ?? []).filter((message) => ToolMessage.isInstance(message))
  return Object.fromEntries(messages.map((message) => [message.tool_call_id, message]))
}

/** The one approval that waits in a result. */
export function waitingId(result: unknown): string {
  const [first] = pendingApprovals(result)
  if (first === undefined) throw new Error('No approval waits in this result.')
  return first.approvalId
}

/** Approves the one call that waits in a result, perhaps with another input. Answers the id of the approval. */
export async function approve(
  lelu: Lelu,
  result: unknown,
  edit: { input?: Json } = {},
): Promise<string> {
  const id = waitingId(result)
  await lelu.approvals.review(id, { verdict: 'approve', reviewer, ...edit })
  return id
}

/** The same, and goes on. */
export async function approved<T>(
  lelu: Lelu,
  result: unknown,
  run: (input: never) => Promise<T>,
): Promise<T> {
  await approve(lelu, result)
  return run((await resume({ result, lelu })) as never)
}

/** The error at the root: agents wrap what a middleware throws. */
export async function rootOf(run: Promise<unknown>): Promise<unknown> {
  let error: unknown = await run.then(
    () => undefined,
    (thrown) => thrown,
  )
  while (error instanceof Error && error.cause instanceof Error && !isLeluError(error))
    error = error.cause
  return error
}
