import { getConfig, interrupt } from '@langchain/langgraph'

/** What LangGraph keeps of the interrupts of a task. */
type Scratchpad = {
  interruptCounter: number
  resume: unknown[]
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

/**
 * Takes the value that woke this call, if it has waited: LangGraph answers the questions of a node in order, anew in
 * every run of it, and the next one would get the value. Answers whether there was one.
 */
export async function takeWaking(hasWaited: () => Promise<boolean>): Promise<boolean> {
  // Looked at again behind the store: meanwhile a sibling in the same node may have taken it.
  if (valuesLeft() <= 0 || !(await hasWaited()) || valuesLeft() <= 0) return false
  interrupt(null)
  return true
}

/** Forgets a value that woke a call too early: the node would have one more than it has questions. */
export function forgetWaking(): void {
  const { __pregel_scratchpad: scratchpad, __pregel_send: send } = getConfig()?.configurable ?? {}
  const known = scratchpad as Scratchpad | undefined
  // Not the last one: somebody else has taken another since.
  if (known === undefined || known.interruptCounter !== known.resume.length - 1) return
  known.resume.pop()
  known.interruptCounter -= 1
  // As LangGraph itself notes what a task was resumed with.
  send?.([['__resume__', [...known.resume]]])
}
