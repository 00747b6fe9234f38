import type { ConfidenceSignal, DecisionRequest, Json, ToolEffect } from '@lelu/engine'
import type { GuardedCall, GuardOptions, PerCall } from './options.ts'
import { callId, defaultRun } from './place.ts'

async function valueFor<T>(
  option: PerCall<T> | undefined,
  call: GuardedCall,
): Promise<T | undefined> {
  return typeof option === 'function'
    ? await (option as (call: GuardedCall) => T | Promise<T>)(call)
    : option
}

function effectOf(effect: GuardOptions['effect'], tool: string): ToolEffect | undefined {
  if (typeof effect === 'function') return effect(tool)
  // The model chose the name: `constructor` must not find what every object inherits.
  return effect !== undefined && Object.hasOwn(effect, tool) ? effect[tool] : undefined
}

/** A reader that fails has found nothing: the engine counts it as confidence 0, and the record says `invalid`. */
const unreadable: ConfidenceSignal = {
  method: 'external',
  trust: 'adapter',
  value: null,
  score: null,
  evidence: { error: 'the confidence reader failed' },
}

async function confidenceOf(
  { confidence }: GuardOptions,
  { message, toolCall }: GuardedCall,
): Promise<ConfidenceSignal | undefined> {
  try {
    return await confidence?.(message, toolCall)
  } catch {
    return unreadable
  }
}

/** The question for the engine. `input` is what the tool's own schema made of the model's arguments. */
export async function toRequest(
  options: GuardOptions,
  call: GuardedCall,
  { input, schema }: { input: Json; schema: Json | undefined },
): Promise<DecisionRequest> {
  const { name } = call.toolCall
  const effect = effectOf(options.effect, name)
  const [subject, confidence, resource, context, tenant] = await Promise.all([
    valueFor(options.subject, call),
    confidenceOf(options, call),
    valueFor(options.resource, call),
    valueFor(options.context, call),
    valueFor(options.tenant, call),
  ])
  return {
    // Undefined here is refused by the engine's gate, with the path in the message.
    subject: subject as DecisionRequest['subject'],
    call: {
      id: callId(call),
      tool: name,
      input,
      ...(effect !== undefined && { effect }),
      ...(schema !== undefined && { schema }),
    },
    run: options.run?.(call) ?? defaultRun(call),
    ...(confidence !== undefined && { confidence }),
    ...(resource !== undefined && { resource }),
    ...(context !== undefined && { context }),
    ...(tenant !== undefined && { tenant }),
  }
}
