import { LeluError } from '../errors.ts'

/** How many a page has: 50 unless told, 1 to 500. Throws `LELU_REQUEST_INVALID` for what is no number. */
export function pageLimit(limit: unknown = 50): number {
  if (typeof limit === 'number' && !Number.isNaN(limit))
    return Math.min(Math.max(Math.trunc(limit), 1), 500)
  throw new LeluError('LELU_REQUEST_INVALID', 'The limit of a page is a number.', {
    help: 'Pass 1 to 500, or leave it out.',
  })
}
