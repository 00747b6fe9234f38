import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLelu, type Lelu, type LeluOptions, type Reviewer, type Subject } from '@lelu/engine'
import { type Effect, effectsIn, suiteTools } from '@lelu/testing'
import { suitePolicy } from '@lelu/testing/fakes'
import {
  Agent,
  type AgentOutputItem,
  type FunctionTool,
  type RunConfig,
  Runner,
  type RunState,
  setTracingDisabled,
  tool,
} from '@openai/agents'
import { onTestFinished } from 'vitest'
import {
  type AgentGuardOptions,
  guardAgentTools,
  type PendingCall,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { ScriptedModel } from './model.ts'

setTracingDisabled(true)

export const subject: Subject = { id: 'agent-1', type: 'agent' }
export const reviewer: Reviewer = { id: 'rita', issuer: 'test', method: 'test' }

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-agents-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function openLelu(options: Partial<LeluOptions> = {}): Promise<Lelu> {
  const directory = temporaryFolder()
  const lelu = await createLelu({ directory, policies: suitePolicy, ...options })
  onTestFinished(() => lelu.close().catch(() => {}))
  return lelu
}

/** The tools of the suite, as the SDK makes them. */
export function createTools(
  directory: string,
  choices: Parameters<typeof suiteTools>[1] = {},
): FunctionTool[] {
  return suiteTools(directory, choices).map(({ name, description, schema, run: execute }) =>
    tool({ name, description, parameters: schema, execute }),
  ) as unknown as FunctionTool[]
}

export type Setup = {
  steps: AgentOutputItem[][]
  options?: Partial<AgentGuardOptions>
  config?: Partial<RunConfig>
  lelu?: Lelu
  run?: string
  directory?: string
  tools?: FunctionTool[]
}

type Result = { state: RunState<unknown, Agent>; history: unknown[] }

/** An agent with guarded tools and a scripted model, that remembers where it was suspended. */
export async function agentWith(setup: Setup) {
  const { steps, options = {}, config = {}, directory = temporaryFolder() } = setup
  const lelu = setup.lelu ?? (await openLelu())
  const model = new ScriptedModel(...steps)
  const guardOptions: AgentGuardOptions = {
    lelu,
    subject,
    run: setup.run ?? 'conversation-1',
    ...options,
  }
  const tools = guardAgentTools(setup.tools ?? createTools(directory), guardOptions)
  const agent = new Agent({ name: 'agent', tools, model })
  const runner = new Runner({ tracingDisabled: true, ...config })
  const runOn = async (input: string | RunState<unknown, Agent>) =>
    (await runner.run(agent, input as string)) as unknown as Result
  return {
    lelu,
    model,
    agent,
    runner,
    guardOptions,
    ask: () => runOn('Go on.'),
    goOn: runOn,
    resume: async (stored: string) => runOn(await resumeRun(agent, stored, guardOptions)),
    pending: (result: Result): Promise<PendingCall[]> =>
      pendingApprovals(result.state, guardOptions),
    ran: (): Effect[] => effectsIn(directory),
  }
}

/** Approves all that waits; answers how many that were. */
export async function approveAll(lelu: Lelu): Promise<number> {
  const { approvals } = await lelu.approvals.list({ state: 'pending' })
  for (const { id } of approvals) await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  return approvals.length
}

/** What the model reads as the answer of each call, in order. */
export function answersOf({ history }: { history: unknown[] }): { id: string; text: string }[] {
  return (history as { type?: string; callId: string; output: unknown }[])
    .filter(({ type }) => type === 'function_call_result')
    .map(({ callId, output }) => ({ id: callId, text: textOf(output) }))
}

function textOf(output: unknown): string {
  if (typeof output === 'string') return output
  const { text } = output as { text?: unknown }
  return typeof text === 'string' ? text : JSON.stringify(output)
}
