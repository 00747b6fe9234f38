import { getConfig, interrupt } from '@langchain/langgraph'

/** What LangGraph keeps of the interrupts of a task. */
type Scratchpad = {
  interruptCounter: number
  resume: readonly unknown[]
  nullResume?: unknown
}

/** How many values a tool's own `interrupt()` would still be answered with. It looks at the very same config. */
function valuesLeft(): number {
  const { __pregel_checkpointer: saver, __pregel_scratchpad: scratchpad } =
    getConfig()?.configurable ?? {}
  const { interruptCounter, resume, nullResume } = (scratchpad ?? {}) as Partial<Scratchpad>
  if (!saver || typeof interruptCounter !== 'number' || !Array.isArray(resume)) return 0
  const fresh = nullResume === undefined || nullResume === null ? 0 : 1
  return resume.length + fresh - (interruptCounter + 1)
}

/**
 * Uses up the values that woke an approved call, before its tool runs. LangGraph answers the first `interrupt()` of a
 * node with the first value it was resumed with: the tool's own question would be answered with the `true` of `resume()`.
 */
export function useUpResumes(): void {
  for (let left = valuesLeft(); left > 0; left -= 1) interrupt(null)
}
