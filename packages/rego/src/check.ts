import { checkPolicyOptions } from './options.ts'
import { compileTimeoutMs, requestCompiler } from './request.ts'
import type { CheckResult, PolicyOptions } from './types.ts'

/** Finds what `compile` would refuse, and unused variables and imports as warnings. An invalid policy is a result. */
export async function check(options: PolicyOptions): Promise<CheckResult> {
  const { text } = checkPolicyOptions(options)
  return requestCompiler<CheckResult>(`{"op":"check",${text}}`, compileTimeoutMs)
}
