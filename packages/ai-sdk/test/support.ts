import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLelu, type Json, type Lelu, type LeluOptions, type Reviewer } from '@lelu/engine'
import { suitePolicy } from '@lelu/testing/fakes'
import {
  generateText,
  isStepCount,
  type LanguageModel,
  type ModelMessage,
  streamText,
  type TextStreamPart,
  type ToolSet,
  tool,
} from 'ai'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { type AiGuard, type AiGuardOptions, createAiGuard } from '../src/index.ts'

export const reviewer: Reviewer = { id: 'rita', issuer: 'test', method: 'test' }

export async function openLelu(options: Partial<LeluOptions> = {}): Promise<Lelu> {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-ai-sdk-'))
  const lelu = await createLelu({ directory, policies: suitePolicy, ...options })
  onTestFinished(async () => {
    await lelu.close().catch(() => {})
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })
  return lelu
}

export function guardWith(lelu: Lelu, options: Partial<AiGuardOptions> = {}): AiGuard {
  return createAiGuard({
    lelu,
    run: 'chat-1',
    subject: { id: 'agent-1', type: 'agent' },
    ...options,
  })
}

/** Tools that the policy decides by their names, and what they did. */
export function createTools() {
  const ran: { tool: string; input: unknown }[] = []
  const make = (name: string) =>
    tool({
      description: `Does ${name}.`,
      inputSchema: z.object({ amount: z.coerce.number(), note: z.string().default('none') }),
      execute(input) {
        ran.push({ tool: name, input })
        return `${name} did ${input.amount}`
      },
    })
  const tools = {
    allowed: make('allowed'),
    reviewed: make('reviewed'),
    denied: make('denied'),
    trade: make('trade'),
  }
  return { tools, ran }
}

export const question: ModelMessage[] = [{ role: 'user', content: 'Go on.' }]

type Settings = {
  model: LanguageModel
  messages?: ModelMessage[]
  guard: AiGuard
  tools: ToolSet
  runtimeContext?: Record<string, unknown>
} & Pick<Parameters<typeof generateText>[0], 'experimental_toolApprovalSecret' | 'abortSignal'>

/** `generateText` with everything of the guard. Answers the whole history too. */
export async function generate({ guard, tools, model, messages = question, ...more }: Settings) {
  const result = await generateText({
    model,
    tools: guard.tools(tools),
    toolApproval: guard.toolApproval(),
    messages,
    stopWhen: isStepCount(10),
    maxRetries: 0,
    ...more,
  })
  return { result, messages: [...messages, ...result.responseMessages] }
}

/** `streamText` with everything of the guard, and the parts that it streamed. */
export async function stream({ guard, tools, model, messages = question, ...more }: Settings) {
  const result = streamText({
    model,
    tools: guard.tools(tools),
    toolApproval: guard.toolApproval(),
    messages,
    stopWhen: isStepCount(10),
    maxRetries: 0,
    onError() {},
    ...more,
  })
  const parts: TextStreamPart<ToolSet>[] = []
  for await (const part of result.fullStream) parts.push(part)
  return { parts, messages: [...messages, ...(await result.responseMessages)] }
}

/** What the model reads as the answers of its calls, by call id; the last one of each id. */
export function answers(messages: readonly ModelMessage[]): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const message of messages) {
    if (message.role !== 'tool') continue
    for (const part of message.content) {
      if (part.type === 'tool-result') found[part.toolCallId] = part.output
    }
  }
  return found
}

/** Approves everything that waits. */
export async function approveAll(lelu: Lelu, more: { input?: Json } = {}): Promise<void> {
  const { approvals } = await lelu.approvals.list({ state: 'pending' })
  for (const { id } of approvals) {
    await lelu.approvals.review(id, { verdict: 'approve', reviewer, ...more })
  }
}

/** The decisions and outcomes in the log, in order: such as `decision allow`, `outcome completed`. */
export function logOf({ audit }: Lelu): string[] {
  const files = readdirSync(audit.directory, { recursive: true, encoding: 'utf8' })
  const lines = files
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(audit.directory, name), 'utf8').split('\n'))
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .flatMap(({ kind, decision, result }) => {
      if (kind === 'decision') return [`decision ${decision}`]
      return kind === 'outcome' ? [`outcome ${result.status}`] : []
    })
}
