// The signal

// What a reader gets
export type {
  AddedField,
  AnsweredCall,
  CallEvidence,
  ConfidenceReader,
} from './evidence.ts'
// Log-odds
export { logistic, logit, maxScore } from './log-odds.ts'
// Readers
export { fromLogprobs, type LogprobOptions, type TokenLogprob } from './logprobs.ts'
export {
  type ExternalOptions,
  external,
  fromSelfReport,
  type SelfReportOptions,
  unknown,
} from './readers.ts'
export {
  type ConfidenceSignal,
  type Json,
  type SignalMethod,
  type SignalStatus,
  type SignalTrust,
  signalStatus,
} from './signal.ts'
