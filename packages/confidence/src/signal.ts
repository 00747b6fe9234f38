/** Anything JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** How the number was made. `verbalized` is the model's own word for it, the weakest of all. */
export type SignalMethod =
  | 'agreement'
  | 'self_consistency'
  | 'p_true'
  | 'token_logprob'
  | 'verbalized'
  | 'external'
  | 'none'

/** Who computed it. `claimed` came from the model or the caller and was not checked. */
export type SignalTrust = 'engine' | 'adapter' | 'claimed' | 'none'

/**
 * How sure the model was. `value` is in [0, 1], null means unknown, never 1. `score` is the unrounded log-odds (natural
 * logarithm), bounded by `maxScore`: it still ranks calls whose `value` has rounded to 1.
 */
export type ConfidenceSignal = {
  method: SignalMethod
  trust: SignalTrust
  value: number | null
  score: number | null
  model?: string
  samples?: number
  evidence?: Json
}

/** `missing`: there is no signal. `invalid`: there is one, and its data was rejected. Both count as no confidence. */
export type SignalStatus = 'ok' | 'missing' | 'invalid'

/** Whether the number of a signal may be used. No signal at all is `missing`. Never throws. */
export function signalStatus(signal: ConfidenceSignal | null | undefined): SignalStatus {
  if (signal === null || signal === undefined || signal.method === 'none') return 'missing'
  const { value } = signal
  return typeof value === 'number' && value >= 0 && value <= 1 ? 'ok' : 'invalid'
}
