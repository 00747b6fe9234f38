// What an adapter is made of: translate in, guardCall, translate out. See docs/adapters.md.

export type {
  AddedField,
  AnsweredCall,
  CallEvidence,
  ConfidenceReader,
  ConfidenceSignal,
} from '@lelu/confidence'
export type { Approvals } from '../approvals/approvals.ts'
export type { Approval, Reviewer } from '../approvals/record.ts'
export { type CodedError, isLeluError, LeluError, type LeluErrorCode } from '../errors.ts'
export { notRun } from '../execution/not-run.ts'
export type { ToolRun } from '../execution/outcome.ts'
export type { Lelu } from '../lelu.ts'
export { limited } from '../limited.ts'
export { pendingText } from '../refusal.ts'
export { namedSchemas } from '../request/named-schemas.ts'
export { parseStrictJson } from '../request/strict-json.ts'
export { usableSchema } from '../request/usable-schema.ts'
export type { DecisionRequest, Json, Subject, ToolEffect } from '../types.ts'
export { addField, takeField } from './added-field.ts'
export { cancelApproval, cancelCalls, findCall, type NamedCall } from './find-call.ts'
export { type CallResult, editedInput, guardCall, isTaken, type RunTool } from './guard-call.ts'
export { type HeldCall, holdCall } from './hold-call.ts'
export { asInput, isSameInput, jsonText } from './json-values.ts'
export {
  type ApprovalMode,
  checkGuardOptions,
  type GuardOptions,
  invalidOptions,
  type PerCall,
} from './options.ts'
export { plainSchema } from './plain-schema.ts'
export { readConfidence } from './read-confidence.ts'
export { recordedId } from './recorded-id.ts'
export { type AdapterCall, toRequest, valueFor } from './request.ts'
export { withoutDefaults } from './without-defaults.ts'
export {
  cutOffText,
  editedText,
  editMisfit,
  endedText,
  invalidInputText,
  leftBehindReason,
  leftBehindText,
  lostAnswerText,
  notResumableText,
  repeatedIdText,
  unknownApprovalText,
  unknownToolText,
} from './wording.ts'
