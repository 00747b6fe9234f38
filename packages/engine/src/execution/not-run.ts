type Shared = { [marks]?: WeakSet<object> }

const marks: unique symbol = Symbol.for('lelu.not-run') as never

// One for all copies of this package: an adapter may have brought its own, and the engine that it is given is of another.
const shared = globalThis as Shared
shared[marks] ??= new WeakSet()
const marked = shared[marks]

/**
 * Marks what an adapter throws in the place of the tool, when the call is not run after all: nothing took effect. The log
 * says `not_run`, and not that the tool failed.
 */
export function notRun<E extends Error>(error: E): E {
  marked.add(error)
  return error
}

/**
 * Whether this says that the call at hand was not run. Says so once: passed on by a tool that has a guarded call in it,
 * the same error is the failure of that tool, which did run.
 */
export function takeNotRun(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && marked.delete(error)
}
