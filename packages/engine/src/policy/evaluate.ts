import { LeluError } from '../errors.ts'
import { deepFreeze } from '../request/deep-freeze.ts'
import type { Json, PolicyAnswer, RegoInput } from '../types.ts'
import { projectionOf } from './projection.ts'
import { readDecision } from './read-decision.ts'
import { denied } from './reasons.ts'
import type { Runtime } from './runtime.ts'

type Options = {
  runtime: Runtime
  inputPaths: string[][] | 'all'
  obligations: readonly string[]
  onError?: (error: LeluError) => void
}

/** Most policies have few different answers: each is read and checked once. */
const maxKnown = 256
const maxKnownLength = 4096

/** Input in, answer out. Synchronous and never throws: whatever goes wrong is a deny with a reason of its own. */
export function createEvaluate({
  runtime,
  inputPaths,
  obligations,
  onError,
}: Options): (input: RegoInput) => PolicyAnswer {
  const project = projectionOf(inputPaths)
  const known = new Map<string, PolicyAnswer>()

  function read(result: string | undefined): PolicyAnswer {
    if (result === undefined) return denied('policy_undefined')
    const before = known.get(result)
    if (before !== undefined) return before
    // Frozen, as the same answer goes to many.
    const answer = deepFreeze(
      readDecision(JSON.parse(result), obligations) as unknown as Json,
    ) as unknown as PolicyAnswer
    if (result.length <= maxKnownLength) {
      if (known.size >= maxKnown) known.clear()
      known.set(result, answer)
    }
    return answer
  }

  return (input) => {
    try {
      if (!isJudgeable(input)) return denied('policy_input_invalid')
      return read(runtime.evaluate(project(input)))
    } catch (error) {
      report(error, onError)
      return denied('policy_error')
    }
  }
}

/** Rego orders values of unlike types (null < false < 0 < ""): `"0.1" >= 0.9` and `undefined < 0.9` must never be asked. */
function isJudgeable(input: RegoInput): boolean {
  const { action, confidence } = input
  return (
    typeof action === 'string' &&
    typeof confidence === 'number' &&
    confidence >= 0 &&
    confidence <= 1
  )
}

/** Tells the host, whose listener may fail itself. */
export function report(error: unknown, onError: Options['onError']): void {
  if (onError === undefined) return
  const coded =
    error instanceof LeluError
      ? error
      : new LeluError('LELU_POLICY_FAILED', 'The policy could not be asked.', {
          help: 'Pass plain JSON as the input.',
          cause: error,
        })
  try {
    onError(coded)
  } catch {
    // A listener that fails must not turn a deny into a throw.
  }
}
