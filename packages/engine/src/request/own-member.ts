import { LeluError } from '../errors.ts'

/**
 * The own member of what a host passes, read once; undefined when there is none. One that is only inherited (a getter of
 * a class, Object.create) is refused. Used, a prototype that somebody else wrote to would speak for the host; ignored,
 * whoever it narrows down would reach everything.
 */
export function ownMember(given: unknown, name: string): { value: unknown } | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid('What was passed is no object.', name)
  }
  if (Object.hasOwn(given, name)) return { value: (given as Record<string, unknown>)[name] }
  if (!(name in given)) return undefined
  throw invalid(`The \`${name}\` that was passed is inherited, or a getter of a class.`, name)
}

function invalid(message: string, path: string): LeluError {
  return new LeluError('LELU_REQUEST_INVALID', message, {
    help: `Pass a plain object that has everything as its own, such as { ${path}: '…' }.`,
    details: { path },
  })
}
