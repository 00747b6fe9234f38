import { checkGiven, checkPolicyOptions } from './options.ts'
import { compileTimeoutMs, requestCompiler } from './request.ts'
import type { FormatOptions, FormatResult } from './types.ts'

/** Formats one file as `opa fmt` does. Throws RegoError when it does not parse. */
export async function format(options: FormatOptions): Promise<FormatResult> {
  checkGiven(options)
  const { path = 'policy.rego', source, regoVersion = 'auto', upgrade = false } = options
  const { text } = checkPolicyOptions({ modules: [{ path, source }], regoVersion })
  const request = `{"op":"format","upgrade":${upgrade === true},${text}}`
  return requestCompiler<FormatResult>(request, compileTimeoutMs)
}
