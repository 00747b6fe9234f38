import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock } from '@lelu/audit/lock'
import { LeluMcpError } from '../errors.ts'

const stepMs = 20

/**
 * Holds off other writers of ours between looking at a file and replacing it, which no call does in one. Other programs
 * do not know the lock: against them, looking is all there is. Throws `LELU_MCP_LOCK_BUSY` where somebody else holds it
 * for longer than `waitMs`; then `work` has not begun.
 */
export async function withLock<T>(
  target: string,
  work: () => Promise<T>,
  waitMs: number = 5000,
): Promise<T> {
  const path = join(dirname(target), `.${basename(target)}.lelu-lock`)
  const until = performance.now() + waitMs
  let release = await lock(path)
  while (release === undefined) {
    if (performance.now() > until) throw busy(target, path)
    await sleep(stepMs)
    release = await lock(path)
  }
  try {
    return await work()
  } finally {
    await release()
  }
}

function busy(target: string, path: string): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_LOCK_BUSY',
    `${target} is being changed by another process, and that does not end.`,
    { help: `Try again. If no other lelu-mcp is at work, delete ${path}.`, details: { path } },
  )
}
