import type { Lelu } from '@lelu/engine'
import type { Principal } from '../surface/principal.ts'
import { runOf } from './call-name.ts'
import type { GovernedTool } from './governed-tool.ts'

/** A call that the gateway refuses by itself: by this code, before the policy is asked. */
export type Refusal = { tool: GovernedTool; principal: Principal; code: string }

/**
 * Puts such a call on record, as a decision that denies. Nothing of its input: that was not even held against a schema, or
 * did not pass it. When the log does not take it, that is thrown: the call is refused all the same.
 */
export function refusalLog(
  lelu: Pick<Lelu, 'audit' | 'policy'>,
): (refusal: Refusal) => Promise<void> {
  return async ({ tool, principal, code }) => {
    const { id, type } = principal.subject
    const name = tool.pinned.definition.name
    await lelu.audit.append(
      {
        kind: 'decision',
        tenant: principal.tenant,
        agent: { id, type },
        tool: { name, server: tool.server, effect: tool.effect },
        run: runOf(principal),
        decision: 'deny',
        reasons: [
          { id: code, message: 'The gateway refused the call before the policy was asked' },
        ],
        policy: { revision: lelu.policy.revision },
      },
      { until: 'written' },
    )
  }
}
