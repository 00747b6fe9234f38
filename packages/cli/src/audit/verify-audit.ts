import { join } from 'node:path'
import type { CommandContext } from '../command-context.ts'
import { painter, safeLines, writeJson } from '../print.ts'

/** `audit verify`: the exit code is the report's own, 10 to 18 by the kind of the first damage. */
export async function verifyAudit(
  { io, globals, setExitCode }: CommandContext,
  folder?: string,
): Promise<void> {
  const { directory: home, json } = globals()
  const { describeReport, verifyLog } = await import('@lelu/audit')
  const report = await verifyLog({ directory: folder ?? join(home, 'audit') })
  // A report that is not ok never ends with 0, whatever its code says.
  if (!report.ok) setExitCode(report.exit || 1)
  if (json) {
    writeJson(io, report)
    return
  }
  const paint = painter(io)
  const verdict = report.ok ? paint('green', 'ok') : paint('red', 'FAILED')
  io.write(`${safeLines(describeReport(report)).trimEnd()}\naudit verify: ${verdict}\n`)
}
