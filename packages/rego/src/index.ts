// What one can do with a policy
export { check } from './check.ts'
export { compile } from './compile.ts'
// The compiler itself
export { type CompilerInfo, compilerInfo } from './compiler-info.ts'
export { surelyDenied } from './denied.ts'
// Errors
export { RegoError, type RegoErrorCode, type RegoErrorOptions } from './errors.ts'
export { explain } from './explain.ts'
export { format } from './format.ts'
export { hasRule } from './has-rule.ts'
export { closeCompiler } from './request.ts'
export { test } from './test.ts'

// Data
export type {
  CheckResult,
  CompiledPolicy,
  CompileOptions,
  Coverage,
  ExplainOptions,
  ExplainResult,
  FormatOptions,
  FormatResult,
  Json,
  PolicyIssue,
  PolicyModule,
  PolicyOptions,
  PolicyTest,
  RegoVersion,
  SurelyDeniedOptions,
  TestOptions,
  TestResult,
  TraceEvent,
} from './types.ts'
