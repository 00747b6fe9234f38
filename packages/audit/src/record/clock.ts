import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** The id the kernel gives each start of the machine; elsewhere one for this process. */
export const bootId: string = readBootId() ?? randomUUID()

/** Undefined where the system has none. */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return undefined
  }
}

// performance.now() counts from the start of the process, hrtime from the start of the machine.
const base = Number(process.hrtime.bigint() / 1000n) - performance.now() * 1000

/** Microseconds of the monotonic clock: differences hold within one boot, whatever is done to the wall clock. */
export function monotonicMicroseconds(): number {
  return Math.round(base + performance.now() * 1000)
}
