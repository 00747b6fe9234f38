/** Now or later: an embedded database answers reads at once, where a promise for each would cost more than the read. */
export type Answer<T> = T | Promise<T>

/** Of another realm, a promise is no instance of ours: passed on as an answer, it would have no deadline. */
export function isPending<T>(answer: Answer<T>): answer is Promise<T> {
  return typeof (answer as Partial<Promise<T>> | undefined)?.then === 'function'
}
