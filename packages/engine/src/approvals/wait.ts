import { callerTenant, type TenantScope } from './caller-tenant.ts'
import type { ApprovalRecord } from './record.ts'
import type { Records } from './records.ts'

/** Longest wait of one call: clients and proxies give up at 60 s, so we answer before. */
export const maxWaitMs = 55_000

/**
 * Waits until the approval is no longer pending, at most `timeoutMs` (default and cap 55 000), then answers it
 * as it is. Decisions in this process wake it at once, those of others within a quarter of a second.
 */
export async function waitForReview(
  records: Records,
  wakeUps: EventTarget,
  id: string,
  options: TenantScope & { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<ApprovalRecord> {
  const tenant = callerTenant(options)
  const { timeoutMs = maxWaitMs, signal } = options
  // Written so that NaN waits not at all, and not for ever.
  const until = performance.now() + (timeoutMs > 0 ? Math.min(timeoutMs, maxWaitMs) : 0)
  let pause = 25
  for (;;) {
    signal?.throwIfAborted()
    const record = await records.load(id, tenant)
    const left = until - performance.now()
    if (record.state !== 'pending' || left <= 0) return record
    await sleepUntilWoken(wakeUps, id, Math.min(pause, left), signal)
    pause = Math.min(pause * 1.5, 250)
  }
}

function sleepUntilWoken(
  wakeUps: EventTarget,
  id: string,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      wakeUps.removeEventListener(id, done)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    wakeUps.addEventListener(id, done)
    signal?.addEventListener('abort', done)
  })
}
