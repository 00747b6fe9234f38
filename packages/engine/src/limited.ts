import { createContext, Script } from 'node:vm'

const script = new Script('run()')
const context = createContext({}) as { run?: (() => void) | undefined }

/**
 * Runs synchronous work, and ends it after `ms`: nothing else ends a regular expression that goes back and forth, and the
 * whole process would stand still with it. Costs about a third of a millisecond. Throws `ERR_SCRIPT_EXECUTION_TIMEOUT`, or
 * what the work throws.
 */
export function limited<T>(ms: number, work: () => T): T {
  let ended: { value: T } | undefined
  context.run = () => {
    ended = { value: work() }
  }
  try {
    script.runInContext(context, { timeout: ms })
  } finally {
    context.run = undefined
  }
  // It has ended, or it has thrown.
  return (ended as unknown as { value: T }).value
}
