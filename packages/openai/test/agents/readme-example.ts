import type { Lelu } from '@lelu/engine'
import {
  type AgentGuardOptions,
  cancelAbandoned,
  guardAgentTools,
  pendingApprovals,
  resumeRun,
} from '@lelu/openai/agents'
import { Agent, type FunctionTool, type Model, type RunState, run } from '@openai/agents'

type App = { chat: string; user: string }

export function openChat(lelu: Lelu, model: string | Model, tools: FunctionTool<App>[]) {
  const options: AgentGuardOptions<App> = {
    lelu,
    run: ({ context }) => context.chat, // names the conversation, the same whenever it goes on
    subject: ({ context }) => ({
      id: 'trader-1',
      type: 'agent',
      actingFor: { id: context.user, type: 'user' },
    }),
  }
  const agent = new Agent<App>({ name: 'trader', model, tools: guardAgentTools(tools, options) })

  async function turn(input: string | RunState<App, Agent<App>>, given: { context?: App } = {}) {
    const result = await run(agent, input, given)
    const pending = await pendingApprovals(result, options) // [{ approvalId, callId, tool }]
    const waits = result.interruptions.length > 0
    // Keep the state on your server.
    return waits
      ? { pending, state: result.state.toString() }
      : { pending, answer: result.finalOutput }
  }

  return {
    /** A message of the user. `state` is that of a run that still waits: its calls are cancelled and answered. */
    async ask(message: string, context: App, state?: string) {
      if (state === undefined) return turn(message, { context })
      const goesOn = await cancelAbandoned(agent, state, options, { context })
      goesOn.addInput(message)
      return turn(goesOn)
    },
    /** When a reviewer has decided, in any process: each call goes on where it stands. */
    async resume(state: string, context: App) {
      return turn(await resumeRun(agent, state, options, { context }))
    },
  }
}
