import { logit } from './log-odds.ts'
import type { ConfidenceSignal, Json, SignalMethod, SignalTrust } from './signal.ts'

const isProbability = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= 1

/** There is no signal: the normal case. Never counts as high. */
export function unknown(reason?: string): ConfidenceSignal {
  const signal: ConfidenceSignal = { method: 'none', trust: 'none', value: null, score: null }
  return reason === undefined ? signal : { ...signal, evidence: { reason } }
}

/** Of `external`. */
export type ExternalOptions = {
  method?: SignalMethod
  trust?: SignalTrust
  model?: string
  evidence?: Json
}

/** A probability worked out elsewhere (an evaluator, a second model). Anything but a number in [0, 1] gives value null. */
export function external(value: unknown, options: ExternalOptions = {}): ConfidenceSignal {
  const { method = 'external', trust = 'adapter', model, evidence } = options
  const rest = {
    ...(model !== undefined && { model }),
    ...(evidence !== undefined && { evidence }),
  }
  if (!isProbability(value)) return { method, trust, value: null, score: null, ...rest }
  return { method, trust, value: value + 0, score: logit(value), ...rest } // + 0: no negative zero
}
