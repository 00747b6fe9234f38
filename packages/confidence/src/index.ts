// The signal
export {
  type ConfidenceSignal,
  type Json,
  type SignalMethod,
  type SignalStatus,
  type SignalTrust,
  signalStatus,
} from './signal.ts'
// Readers
export { fromLogprobs, type LogprobOptions, type TokenLogprob } from './logprobs.ts'
export {
  type ExternalOptions,
  external,
  fromSelfReport,
  type SelfReportOptions,
  unknown,
} from './readers.ts'
// Log-odds
export { logistic, logit, maxScore } from './log-odds.ts'
