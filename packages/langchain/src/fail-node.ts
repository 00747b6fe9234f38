import { isGraphBubbleUp } from '@langchain/langgraph'
import { noteOutage } from './body.ts'

/** How many graphs are around this call. Numbers in a namespace only count the runs of a sub-graph. */
function graphsAround(configurable: Readonly<Record<string, unknown>> | undefined): number {
  const namespace = configurable?.checkpoint_ns
  if (typeof namespace !== 'string') return 0
  return namespace.split('|').filter((part) => part !== '' && !/^\d+$/.test(part)).length
}

const disguise = { name: 'GraphInterrupt', interrupts: [], is_bubble_up: true }

/**
 * Makes an error inside a tool end its node. Tool nodes tell the model of every other error: it cannot mend a store
 * that is down, the thread would move on, and nothing would take an approved call up again. What they let pass is known
 * by its name, so the error bears that of an interrupt until LangGraph marks it with the task it has ended in. From
 * there on it is itself again: the outermost graph throws it, and the thread stays at the call. Were it never marked, it
 * would be an interrupt without a question, which leaves the thread at the call too.
 */
export function failNode(
  error: unknown,
  configurable: Readonly<Record<string, unknown>> | undefined,
): unknown {
  if (error instanceof Error && isGraphBubbleUp(error)) return error
  let graphs = graphsAround(configurable)
  if (graphs === 0) return error
  const thrown: Error =
    error instanceof Error && Object.isExtensible(error)
      ? error
      : new Error(String(error), { cause: error })
  noteOutage(thrown)
  const own = Object.getOwnPropertyDescriptor(thrown, 'name')
  for (const [key, value] of Object.entries(disguise)) {
    Object.defineProperty(thrown, key, { value, configurable: true, writable: true })
  }
  Object.defineProperty(thrown, 'pregelTaskId', {
    configurable: true,
    set(task: unknown) {
      graphs -= 1
      if (graphs > 0) return
      for (const key of [...Object.keys(disguise), 'pregelTaskId']) {
        Reflect.deleteProperty(thrown, key)
      }
      if (own !== undefined) Object.defineProperty(thrown, 'name', own)
      Object.assign(thrown, { pregelTaskId: task })
    },
  })
  return thrown
}
