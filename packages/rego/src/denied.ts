import { optionInvalid } from './errors.ts'
import { checkJson, checkPolicyOptions, checkTimeout } from './options.ts'
import { compileTimeoutMs, requestCompiler } from './request.ts'
import type { SurelyDeniedOptions } from './types.ts'

/**
 * Finds the calls that a policy denies whatever stands at the unknown paths of their input: `deny` then has an answer
 * without a condition, or `allow` and `require_approval` can have none. An answer is `true` or a member of a set or
 * array; a member that is `false` is none. One boolean per input: true is a proof, false may mean no more than that it
 * could not be told. Throws RegoError, also when the time runs out.
 */
export async function surelyDenied(options: SurelyDeniedOptions): Promise<boolean[]> {
  const { text } = checkPolicyOptions(options)
  const timeoutMs = checkTimeout(options.timeoutMs)
  const { package: name, unknowns } = options
  if (typeof name !== 'string') {
    throw optionInvalid('package must be a string', 'Name it as in the file, like "lelu.authz".')
  }
  if (!Array.isArray(unknowns) || unknowns.some((one) => typeof one !== 'string')) {
    throw optionInvalid('unknowns must be an array of strings', 'Pass paths, like ["input.args"].')
  }
  const inputs = checkJson(options.inputs, 'inputs')
  if (!Array.isArray(inputs.value) || !inputs.value.every(isObject)) {
    throw optionInvalid('inputs must be an array of objects', 'Pass the known part of each input.')
  }
  const rest = JSON.stringify({ package: name, unknowns, timeoutMs }).slice(1, -1)
  return requestCompiler<boolean[]>(
    `{"op":"denied",${text},${rest},"inputs":${inputs.text}}`,
    timeoutMs + compileTimeoutMs,
  )
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
