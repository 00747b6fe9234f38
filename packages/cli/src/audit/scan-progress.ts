import type { ScanProgress } from '@lelu/audit/reading'
import type { Io } from '../io.ts'

export type ProgressLine = { show(progress: ScanProgress): void; clear(): void }

/** How far the reading of a log is, on standard error, where it is a terminal and the reading takes over a second. */
export function progressLine(
  { terminal, writeError }: Io,
  now: () => number = Date.now,
): ProgressLine {
  const begun = now()
  let last = begun
  let shown = false
  return {
    show({ read, total }) {
      const time = now()
      if (!terminal.stderr || time - begun < 1000 || time - last < 200) return
      last = time
      shown = true
      const share = total === 0 ? 100 : Math.min(100, Math.floor((read / total) * 100))
      const size = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
      writeError(`\r\u001b[Kreading the log: ${share} % of ${size(total)}`)
    },
    clear() {
      if (shown) writeError('\r\u001b[K')
      shown = false
    },
  }
}
