import type { StopScope } from '@lelu/engine'
import type { CommandContext } from '../command-context.ts'
import { CliError } from '../fail.ts'
import { withDesk } from '../open-desk.ts'
import { report, safeText } from '../print.ts'
import { localReviewer } from '../reviewer.ts'

type FlipOptions = { agent?: string; all?: boolean; reason?: string }

function scopeOf({ agent, all }: FlipOptions): StopScope {
  if (all === true) return { all }
  // Also an empty one: a variable of the shell that is not set.
  if (agent !== undefined && agent !== '') return { agent }
  throw new CliError('LELU_USAGE_INVALID', 'Nothing is named.', {
    help: 'Pass --agent <id>, or --all.',
  })
}

/** `stop` and `start`. */
export async function flip(
  context: CommandContext,
  word: 'stop' | 'start',
  options: FlipOptions,
): Promise<void> {
  const scope = scopeOf(options)
  const { reason } = options
  const more = { by: localReviewer(), ...(reason && { reason }) }
  await withDesk(context, ({ killSwitch }) => killSwitch[word](scope, more))
  const stopped = word === 'stop'
  const what = 'all' in scope ? 'Everything' : `The agent ${safeText(scope.agent)}`
  const next = stopped
    ? 'is stopped: every call is denied, and what was approved does not run.'
    : 'is started: the policy decides again.'
  report(context, { ...scope, stopped }, `${what} ${next}`)
}
