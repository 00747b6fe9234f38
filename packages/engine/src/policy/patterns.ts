import type { Builtin } from './builtins.ts'

/** The built-ins whose answers OPA's Wasm takes for regular expressions. */
const makers = ['lelu.regex', 'lelu.glob_regex']

/** With the few that a policy may hold as texts (`opa/pattern.go`) this is less than 100. */
const maxPatterns = 80

/**
 * OPA's Wasm keeps the regular expressions of an evaluation. With the 100th it frees one that it still uses, and then most often
 * never ends. So the evaluation of one more pattern than it can keep is aborted, and the call denied. `reset` begins another.
 */
export function boundPatterns(builtins: Readonly<Record<string, Builtin>>): {
  builtins: Readonly<Record<string, Builtin>>
  reset: () => void
} {
  const seen = new Set<unknown>()
  const bounded = (builtin: Builtin): Builtin => {
    return (...values) => {
      const pattern = builtin(...values)
      seen.add(pattern)
      if (seen.size > maxPatterns) {
        throw new RangeError(
          `more than ${maxPatterns} patterns were used in one evaluation: join them with |`,
        )
      }
      return pattern
    }
  }
  const wrapped = makers.flatMap((name) => {
    const builtin = builtins[name]
    return builtin === undefined ? [] : [[name, bounded(builtin)] as const]
  })
  return {
    builtins: { ...builtins, ...Object.fromEntries(wrapped) },
    reset: () => seen.clear(),
  }
}
