import type { StreamRead } from './read-stream.ts'
import { type Problem, problemAt } from './report.ts'

type Found = {
  read: readonly StreamRead[]
  keys: readonly unknown[]
  problems: readonly Problem[]
}

/**
 * Of nothing everything is true: a log whose streams are gone, or another place than the one that was meant, must not pass
 * for one that was verified. Neither must a pack without records, which no export makes: that a time was without any cannot
 * be shown by what lies outside of it. Says nothing where something worse is named.
 */
export function nothingRead({ read, keys, problems }: Found): Problem[] {
  const records = read.reduce((sum, { walk }) => sum + walk.records, 0)
  if (records > 0 || problems.length > 0) return []
  const why =
    keys.length === 0
      ? 'it has not begun, its streams were removed, or it is not the place that was meant'
      : 'its keys are there, so it had begun: its streams were removed, or are still on their way to an archive'
  return [problemAt('empty', { stream: '' }, `there is no record to verify: ${why}`)]
}
