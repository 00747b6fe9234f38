import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { ConfidenceSignal } from '@lelu/engine/adapter'

/** A call as the model answered it, and what is known of it. `text` is the JSON text of its input. */
export type AnsweredCall = {
  toolCallId: string
  toolName: string
  text: string
  signal: ConfidenceSignal | undefined
  /** Of the run that asked the model. */
  aborted: AbortSignal | undefined
}

/** The provider metadata that a call carries through the SDK. It names what is kept here, and says nothing itself. */
export type Stamp = { lelu: { answer: string } }

type StampedCall = {
  toolCallId: string
  toolName: string
  input: unknown
  providerMetadata?: Readonly<Record<string, unknown>> | undefined
}

/** What was read when the model answered, until its calls are decided. */
export type KeptSignals = {
  keep(call: AnsweredCall): Stamp
  /** Undefined for a call that was not stamped here, or is not the one that was stamped. */
  take(call: StampedCall): AnsweredCall | undefined
}

const maxKept = 4096

/** What the SDK parsed, before the tool's schema: it keeps that beside the call, under a symbol of its own. */
function writtenInput(call: StampedCall): unknown {
  const symbols = Object.getOwnPropertySymbols(call)
  const kept = symbols.find(({ description }) => description?.endsWith('input-schema-input'))
  return kept === undefined ? call.input : (call as unknown as Record<symbol, unknown>)[kept]
}

/** An input that was repaired since is not what the model was sure of. */
function sameInput(text: string, call: StampedCall): boolean {
  try {
    const written = text.trim() === '' ? {} : JSON.parse(text)
    return isDeepStrictEqual(written, writtenInput(call))
  } catch {
    return false
  }
}

/**
 * Kept in memory and not in the messages: a chat's history is the client's, who could write a high confidence into
 * it. A stamp is good for one decision.
 */
export function keptSignals(): KeptSignals {
  const kept = new Map<string, AnsweredCall>()
  return {
    keep(call) {
      const answer = randomUUID()
      kept.set(answer, call)
      const [oldest] = kept.keys()
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest)
      return { lelu: { answer } }
    },
    take(call) {
      const { answer } = (call.providerMetadata?.lelu ?? {}) as { answer?: unknown }
      if (typeof answer !== 'string') return undefined
      const found = kept.get(answer)
      kept.delete(answer)
      const same =
        found?.toolCallId === call.toolCallId &&
        found.toolName === call.toolName &&
        sameInput(found.text, call)
      return same ? found : undefined
    },
  }
}
