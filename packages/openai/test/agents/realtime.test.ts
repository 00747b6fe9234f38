import { EventEmitter, once } from 'node:events'
import { effectsIn } from '@lelu/testing'
import { type FunctionTool, tool } from '@openai/agents'
import { RealtimeAgent, RealtimeSession } from '@openai/agents/realtime'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  type AgentGuardOptions,
  guardAgentTools,
  pendingApprovals,
} from '../../src/agents/index.ts'
import { approveAll, createTools, openLelu, reviewer, subject, temporaryFolder } from './support.ts'

const nothing = () => {}

/** What a session speaks through, without a wire: it makes calls, and keeps what they are answered. */
class Transport extends EventEmitter {
  readonly status = 'connected'
  readonly muted = false
  readonly answers: { [callId: string]: string } = {}
  readonly connect = async () => {}
  readonly close = nothing
  readonly mute = nothing
  readonly interrupt = nothing
  readonly sendEvent = nothing
  readonly sendMessage = nothing
  readonly updateSessionConfig = nothing

  sendFunctionCallOutput({ callId }: { callId: string }, output: string): void {
    this.answers[callId] = output
    this.emit('answered')
  }

  /** Answers what the call is told, which may be long after. */
  async call(callId: string, name: string, amount: number): Promise<string> {
    const call = { type: 'function_call', id: `item_${callId}`, callId, name, status: 'completed' }
    this.emit('function_call', { ...call, arguments: `{"amount":${amount}}`, responseId: 'resp_1' })
    return this.answerOf(callId)
  }

  async answerOf(callId: string): Promise<string> {
    for (;;) {
      const answer = this.answers[callId]
      if (answer !== undefined) return answer
      await once(this, 'answered')
    }
  }
}

async function openSession(tools: FunctionTool[]) {
  const lelu = await openLelu()
  const options: AgentGuardOptions = { lelu, subject, run: 'conversation-1' }
  const guarded = guardAgentTools(tools, options) as never
  const transport = new Transport()
  const agent = new RealtimeAgent({ name: 'agent', tools: guarded })
  const session = new RealtimeSession(agent, { transport: transport as never })
  const failed = new Promise<unknown>((tell) => {
    session.on('error', ({ error }) => tell(error))
  })
  await session.connect({ apiKey: 'none' })
  return { lelu, options, session, transport, failed }
}

test('in a session of a realtime agent calls are decided as in any run, and one that waits runs once', async () => {
  const directory = temporaryFolder()
  const { lelu, options, session, transport } = await openSession(createTools(directory))
  expect(await transport.call('a', 'allowed', 1)).toBe('allowed did 1')
  expect(await transport.call('d', 'denied', 2)).toContain('Denied by policy')
  const asked = once(session, 'tool_approval_requested')
  const answer = transport.call('r', 'reviewed', 3)
  const [, , { approvalItem: item }] = await asked
  const { context: runContext } = session
  const waiting = await pendingApprovals({ interruptions: [item], runContext }, options)
  expect(waiting).toMatchObject([{ callId: 'r', tool: 'reviewed' }])
  await approveAll(lelu)
  await session.approve(item)
  expect(await answer).toBe('reviewed did 3')
  expect((await lelu.approvals.get(waiting[0]?.approvalId ?? '')).state).toBe('completed')
})

test.each([
  ['nobody has decided', undefined, 'Waiting for a person'],
  ['a reviewer has denied it', 'deny', 'A reviewer denied this call'],
] as const)('when %s, what the session says is approved runs nothing', async (_, verdict, told) => {
  const directory = temporaryFolder()
  const { lelu, session, transport } = await openSession(createTools(directory))
  const asked = once(session, 'tool_approval_requested')
  const answer = transport.call('r', 'reviewed', 3)
  const [, , { approvalItem: item }] = await asked
  const [waiting] = (await lelu.approvals.list()).approvals
  if (verdict !== undefined) await lelu.approvals.review(waiting?.id ?? '', { verdict, reviewer })
  await session.approve(item)
  expect(await answer).toContain(told)
  expect(effectsIn(directory)).toEqual([])
})

test('in a session, too, a schema that answers differently each time lets nothing run that was not decided on', async () => {
  let looks = 0
  const inputs: unknown[] = []
  const rising = z.object({ amount: z.number().overwrite((amount) => amount + looks++) })
  const made = tool({
    name: 'allowed',
    description: 'Does it.',
    parameters: rising,
    errorFunction: null,
    execute: async (input) => inputs.push(input),
  })
  const { transport, failed } = await openSession([made as unknown as FunctionTool])
  const ended = await Promise.race([failed, transport.call('a', 'allowed', 1)])
  expect(ended).toMatchObject({ code: 'LELU_TOOL_UNSUPPORTED' })
  expect(inputs).toEqual([])
})
