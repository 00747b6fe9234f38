import { type ConfidenceSignal, signalStatus } from '@lelu/confidence'
import { type GatedRequest, type GateLimits, gateRequest } from '../request/gate.ts'
import type { DecisionRequest, RegoInput } from '../types.ts'

/** What a policy would be asked for this request at `now` (epoch milliseconds): to explain or test it. Throws as the gate does. */
export function regoInput(
  request: DecisionRequest,
  now: number,
  limits: GateLimits = {},
): RegoInput {
  return toInput(gateRequest(request, limits), now)
}

/** The Rego input of a request. `now` is in epoch milliseconds: policies read the time from here alone. */
export function toInput({ request }: GatedRequest, now: number): RegoInput {
  const { subject, call, resource, tenant, run, context, confidence: signal } = request
  const { actingFor } = subject
  const status = signalStatus(signal)
  return {
    action: call.tool,
    // A number that its reader rejected must not count, whatever the field says.
    confidence: status === 'ok' ? (signal?.value ?? 0) : 0,
    args: call.input,
    tool: { name: call.tool, server: call.server ?? null, effect: call.effect },
    agent: { id: subject.id, type: subject.type, properties: subject.properties ?? {} },
    acting_for: actingFor === undefined ? null : { id: actingFor.id, type: actingFor.type },
    resource:
      resource === undefined
        ? null
        : { type: resource.type, id: resource.id, properties: resource.properties ?? {} },
    tenant,
    run: run ?? null,
    context: context ?? {},
    time: new Date(now).toISOString(),
    signal: toSignal(signal, status),
  }
}

function toSignal(
  signal: ConfidenceSignal | undefined,
  status: RegoInput['signal']['status'],
): RegoInput['signal'] {
  return {
    method: signal?.method ?? 'none',
    trust: signal?.trust ?? 'none',
    status,
    score: status === 'ok' ? (signal?.score ?? null) : null,
    model: signal?.model ?? null,
    samples: signal?.samples ?? null,
  }
}
