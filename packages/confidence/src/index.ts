// The signal
export {
  type ConfidenceSignal,
  type Json,
  type SignalMethod,
  type SignalStatus,
  type SignalTrust,
  signalStatus,
} from './signal.ts'
// What a reader gets
export type { AddedField, AnsweredCall, CallEvidence, ConfidenceReader } from './evidence.ts'
// Readers
export { type DecisionOptions, fromDecision } from './decision.ts'
export { firstOf } from './first-of.ts'
export { type SecondOpinionOptions, secondOpinions } from './second-opinions.ts'
export { inputField, type SelfReportOptions, selfReport } from './self-report.ts'
export { tokenLogprobs } from './token-logprobs.ts'
// For readers of your own
export { type AgreementOptions, agreement, type FieldRule, type Opinion } from './agreement.ts'
export { type ExternalOptions, external, unknown } from './external.ts'
export { fromLogprobs, type LogprobOptions, type TokenLogprob } from './logprobs.ts'
export { logistic, logit, maxScore } from './log-odds.ts'
// Errors
export { ConfidenceError } from './errors.ts'
