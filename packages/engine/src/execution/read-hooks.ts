import { LeluError } from '../errors.ts'
import type { GuardHooks } from './guard.ts'

function assertFunction(name: string, hook: unknown): void {
  if (hook === undefined || typeof hook === 'function') return
  throw new LeluError(
    'LELU_REQUEST_INVALID',
    `The hook \`${name}\` is no function. Nothing was decided.`,
    {
      help: 'Pass a function, or leave it out. A signal that is there already is the `confidence` of the request.',
      details: { path: `hooks.${name}` },
    },
  )
}

/** Each by its name: a spread would leave out the methods of a class, and the confidence with them. */
export function readHooks(hooks: GuardHooks = {}): GuardHooks {
  const { confidence, allowed } = hooks ?? {}
  assertFunction('confidence', confidence)
  assertFunction('allowed', allowed)
  return {
    ...(confidence && { confidence: () => confidence.call(hooks) }),
    ...(allowed && { allowed: (input) => allowed.call(hooks, input) }),
  }
}
