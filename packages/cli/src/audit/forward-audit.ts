import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { CommandContext } from '../command-context.ts'
import { counted, writeJson } from '../print.ts'
import { forwardStatus } from './forward-status.ts'
import { forwardTarget, type TargetOptions } from './forward-target.ts'

type ForwardCommand = TargetOptions & { once?: boolean; fromStart?: boolean; cursor?: string }

/** `audit forward`: until Ctrl-C, or with `--once` until all is sent. Exit code 1 when a receiver did not keep a record. */
export async function forwardAudit(
  { io, globals, setExitCode }: CommandContext,
  options: ForwardCommand,
): Promise<void> {
  const { directory: home, json } = globals()
  const { once = false, fromStart = false } = options
  const to = await forwardTarget(options, io)
  const { forwardRecords } = await import('@lelu/audit/reading')
  const status = forwardStatus(io, json)
  // A cursor for each receiver: what one has acknowledged says nothing of another.
  const own = `${createHash('sha256').update(to.name).digest('hex').slice(0, 16)}.json`
  const report = await forwardRecords({
    directory: join(home, 'audit'),
    cursor: options.cursor ?? join(home, 'forward', own),
    to,
    once,
    fromStart,
    signal: io.signal,
    onEvent: status.on,
  }).finally(status.clear)
  if (once && report.refused + report.rejected > 0) setExitCode(1)
  const { sent, refused, rejected } = report
  const lost = refused + rejected === 0 ? '' : `, ${refused} refused, ${rejected} not kept`
  const text = `${counted(sent, 'record')} sent${lost}\n`
  if (options.ocsf === '-') io.writeError(json ? `${JSON.stringify(report)}\n` : text)
  else if (json) writeJson(io, report)
  else io.write(text)
}
