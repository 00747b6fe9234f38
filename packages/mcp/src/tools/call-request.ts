import type { ConfidenceSignal, DecisionRequest, Json, ToolEffect } from '@lelu/engine'
import type { Principal } from '../surface/principal.ts'

/** What `callProperties` describes. */
export type CallInput = {
  tool: string
  input: Json
  server?: string
  resource?: { type: string; id: string; properties?: { [key: string]: Json } }
  confidence?: number
  effect?: ToolEffect
  context?: { [key: string]: Json }
}

/** The model's own word for how sure it is: the weakest signal. `score` is the log-odds, kept finite. */
function claimed(value: number): ConfidenceSignal {
  const odds = Math.log(value) - Math.log1p(-value)
  const score = Math.max(-40, Math.min(40, odds))
  return { method: 'verbalized', trust: 'claimed', value, score }
}

/**
 * The question for the engine. Who asks and whose data it is come from the connection alone. The model's context stands
 * under `claimed`, and what it says that the tool does to the world under `claimed_effect`: no rule that trusts the host's
 * word can be met by what a model says. A call that was said to be a read would else need nobody, and its permission could
 * be given twice.
 */
export function toDecisionRequest(
  { tool, input, server, resource, confidence, effect, context }: CallInput,
  { subject, tenant }: Principal,
  { id, run, reason }: { id: string; run?: string; reason?: string },
): DecisionRequest {
  const said = {
    ...(context !== undefined && { claimed: context }),
    ...(reason !== undefined && { claimed_reason: reason }),
    ...(effect !== undefined && { claimed_effect: effect }),
  }
  return {
    subject,
    tenant,
    call: {
      id,
      tool,
      input,
      ...(server !== undefined && { server }),
    },
    ...(run !== undefined && { run }),
    ...(confidence !== undefined && { confidence: claimed(confidence) }),
    ...(resource !== undefined && { resource }),
    ...(Object.keys(said).length > 0 && { context: said }),
  }
}
