import { optionInvalid } from './errors.ts'
import { checkPolicyOptions, checkTimeout } from './options.ts'
import { compileTimeoutMs, requestCompiler } from './request.ts'
import type { TestOptions, TestResult } from './types.ts'

/** Longest time for all the tests of one call, in milliseconds. */
const longestMs = 600_000

/** Runs the `test_` rules as `opa test` does. Throws RegoError when the policy or `run` is invalid. */
export async function test(options: TestOptions): Promise<TestResult> {
  const { text } = checkPolicyOptions(options)
  const timeoutMs = checkTimeout(options.timeoutMs)
  const { run = '', coverage = false } = options
  if (typeof run !== 'string')
    throw optionInvalid('run must be a string', 'Pass a regular expression.')
  const rest = JSON.stringify({ op: 'test', run, coverage: coverage === true, timeoutMs }).slice(1)
  return requestCompiler<TestResult>(`{${text},${rest}`, compileTimeoutMs + longestMs)
}
