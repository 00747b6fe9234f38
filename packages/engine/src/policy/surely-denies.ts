import { type PolicyModule, RegoError, surelyDenied } from '@lelu/rego'
import { LeluError } from '../errors.ts'
import type { Json, RegoInput } from '../types.ts'
import { report } from './evaluate.ts'
import { projectionOf } from './projection.ts'

type Options = {
  modules: PolicyModule[]
  data: Json
  package: string
  inputPaths: string[][] | 'all'
  /** Folder where answers are kept: the compiler takes a second to start. */
  cache: string | false
  onError?: (error: LeluError) => void
}

/** What differs from one call of a tool to the next. The rest is known when the tools are listed. */
const unknown = ['args', 'confidence', 'signal', 'time', 'run', 'resource', 'context'] as const

/** A list of tools must not wait for long: what takes longer is not sure. */
const timeoutMs = 5000

/** Never rejects: what cannot be told is false, and the call itself is decided when it is made. */
export function createSurelyDenies({
  inputPaths,
  onError,
  ...policy
}: Options): (inputs: readonly RegoInput[]) => Promise<boolean[]> {
  return async (inputs) => {
    const unsure = inputs.map(() => false)
    // The compiler would say the same of a policy that reads its input as a whole.
    if (inputs.length === 0 || inputPaths === 'all') return unsure
    const known = inputPaths.filter(([first]) => !unknown.some((name) => name === first))
    const project = projectionOf(known)
    try {
      return await surelyDenied({
        ...policy,
        // Cut to what the rules read: then callers whom they do not tell apart have one answer.
        inputs: inputs.map((input) => JSON.parse(project(input))),
        unknowns: unknown.map((name) => `input.${name}`),
        timeoutMs,
      })
    } catch (error) {
      report(failed(error), onError)
      return unsure
    }
  }
}

function failed(cause: unknown): LeluError {
  return new LeluError(
    'LELU_POLICY_FAILED',
    'It could not be told which calls the policy always denies, so none is taken to be.',
    {
      help: cause instanceof RegoError ? cause.help : 'Pass plain JSON as the inputs.',
      cause,
    },
  )
}
