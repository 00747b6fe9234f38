import {
  type AdapterCall,
  type CallResult,
  type GuardOptions,
  guardCall,
  type RunTool,
} from '@lelu/engine/adapter'

/** `allowed`: the decision is made and recorded, and the call waits for its tool. */
export type HeldCall<T> =
  | { status: 'allowed'; run: (tool: RunTool<T>) => Promise<CallResult<T>> }
  | { status: 'ended'; result: CallResult<T> }

/**
 * Decides a call now and runs it later: the SDK asks whether a call needs approval before it has anything to run.
 * Without this the policy would be asked twice, and might answer twice.
 */
export async function decideAndHold<T, Call>(
  options: GuardOptions<Call>,
  call: AdapterCall<Call>,
): Promise<HeldCall<T>> {
  let start: (tool: RunTool<T>) => void = () => {}
  const started = new Promise<RunTool<T>>((resolve) => {
    start = resolve
  })
  let reached: (held: 'allowed') => void = () => {}
  const allowed = new Promise<'allowed'>((resolve) => {
    reached = resolve
  })
  const ended = guardCall<T, Call>(options, call, async (input, run) => {
    reached('allowed')
    return (await started)(input, run)
  })
  const first = await Promise.race([allowed, ended])
  if (first !== 'allowed') return { status: 'ended', result: first }
  return {
    status: 'allowed',
    run(tool) {
      start(tool)
      return ended
    },
  }
}
