import { readConfidence } from '@lelu/engine/adapter'
import { type Answer, evidenceOf, withoutField } from './evidence.ts'
import type { ModelCall } from './model-call.ts'
import type { GuardState } from './state.ts'

/** Reads the confidence of a call and stamps it, so that the decision finds what was read. */
export async function stamp(
  state: GuardState,
  call: ModelCall,
  answer: Answer,
): Promise<ModelCall> {
  if (call.providerExecuted === true) return call
  const { confidence: reader } = state.options
  const { toolCallId, toolName } = call
  const evidence = reader && evidenceOf(call, answer, reader.added)
  const text = withoutField(call.input, reader?.added)
  const signal =
    evidence && (await readConfidence(reader, () => evidence, state.options.confidenceMs))
  const aborted = answer.params.abortSignal
  const mark = state.signals.keep({ toolCallId, toolName, text, signal, aborted })
  return { ...call, input: text, providerMetadata: { ...call.providerMetadata, ...mark } }
}
