import { AsyncLocalStorage } from 'node:async_hooks'

const around = new AsyncLocalStorage<string>()

/** Runs a guarded tool so that what it calls in turn, such as a sub-agent, can tell where it is. */
export function runInside<T>(tool: string, run: () => T): T {
  return around.run(tool, run)
}

/** The guarded tool that is running around this code, of whichever guard; undefined outside of any. */
export function toolAround(): string | undefined {
  return around.getStore()
}
