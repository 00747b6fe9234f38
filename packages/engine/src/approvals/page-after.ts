import { LeluError } from '../errors.ts'

/**
 * Throws `LELU_REQUEST_INVALID` unless `after` is left out or the id of a page's `next`. The null of the last page is
 * refused: taken for "left out", it would have whoever walks through the pages begin anew, for ever.
 */
export function assertAfter(after: unknown): void {
  if (after === undefined || typeof after === 'string') return
  throw new LeluError('LELU_REQUEST_INVALID', '`after` is the `next` of a page, a string.', {
    help: 'Stop where `next` is null: that page was the last. Leave `after` out for the first one.',
    details: { path: 'after' },
  })
}
