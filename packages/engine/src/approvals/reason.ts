import { LeluError } from '../errors.ts'

const maxReason = 2000

/** Why a person did something, or undefined where nothing can be read. Throws `LELU_REVIEW_INVALID` for what the log would not take. */
export function readReason(reason: unknown): string | undefined {
  if (reason === undefined || reason === null) return undefined
  if (typeof reason === 'string' && reason.length <= maxReason && reason.isWellFormed())
    return reason.trim() === '' ? undefined : reason
  throw new LeluError('LELU_REVIEW_INVALID', 'A reason is text of at most 2000 characters.', {
    help: 'Shorten it; no character may be cut in half.',
  })
}
