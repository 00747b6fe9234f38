import { type CompilerThread, createCompilerThread } from './compiler-thread.ts'
import { optionInvalid, policyInvalid, RegoError } from './errors.ts'
import type { PolicyIssue } from './types.ts'

type Response<T> = {
  result?: T
  issues?: PolicyIssue[]
  invalid?: string
  timeout?: boolean
  failure?: string
}

/** The work that is in no evaluation: parsing and compiling the largest policy. */
export const compileTimeoutMs = 60_000

let shared: CompilerThread | undefined

/** Asks the process's one compiler. `request` is JSON text. Throws RegoError for issues and failures. */
export async function requestCompiler<T>(request: string, timeoutMs: number): Promise<T> {
  shared ??= createCompilerThread()
  const response = JSON.parse(await shared.request(request, timeoutMs)) as Response<T>
  if (response.failure !== undefined) {
    throw new RegoError({
      code: 'LELU_COMPILER_FAILED',
      message: `The Rego compiler failed, so nothing is known about the policy: ${response.failure}`,
      help: 'Report the policy that causes this.',
    })
  }
  if (response.issues !== undefined) throw policyInvalid(response.issues)
  if (response.invalid !== undefined) throw optionInvalid(response.invalid)
  if (response.timeout) {
    throw new RegoError({
      code: 'LELU_COMPILER_TIMEOUT',
      message: 'The evaluation took too long and was stopped.',
      help: 'Look for loops over large collections, or raise timeoutMs.',
    })
  }
  if (response.result === undefined) {
    throw new RegoError({
      code: 'LELU_COMPILER_FAILED',
      message: 'The Rego compiler gave an empty answer.',
      help: 'Reinstall @lelu/rego.',
    })
  }
  return response.result
}

/** Ends the compiler's thread after the running requests. It would end by itself after 30 idle seconds. */
export async function closeCompiler(): Promise<void> {
  await shared?.close()
}
