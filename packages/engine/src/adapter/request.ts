import type { CallEvidence, ConfidenceSignal } from '@lelu/confidence'
import type { DecisionRequest, Json, ToolEffect } from '../types.ts'
import type { GuardOptions, PerCall } from './options.ts'
import { plainSchema } from './plain-schema.ts'
import { recordedId } from './recorded-id.ts'

/** One tool call as an adapter hands it to the engine. */
export type AdapterCall<Call> = {
  /** What the functions among the options are given. */
  context: Call
  /** Names the call within its run, the same in every process that takes it up again. */
  id: string
  run: string
  tool: string
  server?: string
  /** What the tool would get: the model's arguments after the tool's own schema parsed them. */
  input: Json
  /** The tool's JSON Schema, so that a reviewer's edit can be checked. Without it, edits are refused. */
  schema?: Json
  /** For the confidence reader; only called when there is one and `confidence` is not given. */
  evidence?: () => CallEvidence | Promise<CallEvidence>
  /** A signal that was read earlier, when the model answered. */
  confidence?: ConfidenceSignal
  signal?: AbortSignal
  /** True where a caller claims that the call was suspended before: then it must have an approval on record. */
  resumed?: boolean
}

/** The value of an option for this call. */
export async function valueFor<T, Call>(
  option: PerCall<T, Call> | undefined,
  call: Call,
): Promise<T | undefined> {
  return typeof option === 'function'
    ? await (option as (call: Call) => T | Promise<T>)(call)
    : option
}

function effectOf<Call>(
  effect: GuardOptions<Call>['effect'],
  tool: string,
): ToolEffect | undefined {
  if (typeof effect === 'function') return effect(tool)
  // The model chose the name: `constructor` must not find what every object inherits.
  return effect !== undefined && Object.hasOwn(effect, tool) ? effect[tool] : undefined
}

/** The question for the engine; the reader is asked by `guardCall`. */
export async function toRequest<Call>(
  options: GuardOptions<Call>,
  call: AdapterCall<Call>,
): Promise<DecisionRequest> {
  const { context: view, id, run, tool, server, input, schema, confidence } = call
  const effect = effectOf(options.effect, tool)
  const [subject, resource, context, tenant] = await Promise.all([
    valueFor(options.subject, view),
    valueFor(options.resource, view),
    valueFor(options.context, view),
    valueFor(options.tenant, view),
  ])
  return {
    // Undefined here is refused by the engine's gate, with the path in the message: thrown at the developer.
    subject: subject as DecisionRequest['subject'],
    call: {
      id: recordedId(id),
      tool,
      input,
      ...(effect !== undefined && { effect }),
      ...(server !== undefined && { server }),
      ...(schema !== undefined && { schema: plainSchema(schema) }),
    },
    run,
    ...(confidence !== undefined && { confidence }),
    ...(resource !== undefined && { resource }),
    ...(context !== undefined && { context }),
    ...(tenant !== undefined && { tenant }),
  }
}
