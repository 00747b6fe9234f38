import { LeluError } from '@lelu/engine/adapter'
import type { Agent, RunState, Usage } from '@openai/agents'
import { importedSdk, requiredSdk } from './sdk.ts'

// biome-ignore lint/suspicious/noExplicitAny: the SDK's own bound, without which no agent with an output type fits.
export type AnyAgent = Agent<any, any>

/** What a run goes on with beside its stored text. */
export type RestoreOptions<Context> = {
  /**
   * What `run` was given as `context`; the SDK takes no other once the state is there. Without it the context is what
   * the stored text says: only JSON, and whoever may write that text chooses what `subject` or `tenant` read from it.
   */
  context?: Context
}

type StoredState = { context: { usage?: ConstructorParameters<typeof Usage>[0] } }

/** The state that was stored. Throws `LELU_CALL_INVALID` when the SDK cannot restore it. */
export async function restoreRun<TAgent extends AnyAgent, Context>(
  agent: TAgent,
  serialized: string,
  options: RestoreOptions<Context>,
): Promise<RunState<Context, TAgent>> {
  try {
    return await restore(agent, serialized, options)
  } catch (cause) {
    throw new LeluError('LELU_CALL_INVALID', 'The run cannot be restored. No tool was run.', {
      help: 'Pass what state.toString() gave, and the agent whose run it was, with the same tools.',
      cause,
    })
  }
}

async function restore<TAgent extends AnyAgent, Context>(
  agent: TAgent,
  serialized: string,
  options: RestoreOptions<Context>,
): Promise<RunState<Context, TAgent>> {
  const imported = await importedSdk()
  // A run can go on only in the copy of the SDK that its agent is of.
  const sdk = agent instanceof imported.Agent ? imported : (requiredSdk() ?? imported)
  const { RunContext, RunState, Usage } = sdk
  if (!Object.hasOwn(options, 'context')) return RunState.fromString(agent, serialized)
  const context = new RunContext(options.context as Context)
  // How often the model was asked tells a later step from the one that is restored.
  const { usage } = (JSON.parse(serialized) as StoredState).context
  context.usage = new Usage(usage)
  // What is merged are approvals, which the host may have given to tools that nobody guards. The context is replaced.
  return RunState.fromStringWithContext(agent, serialized, context, { contextStrategy: 'merge' })
}
