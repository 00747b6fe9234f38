import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditReport, Immutability, LogSource } from '@lelu/audit/reading'
import type { CommandContext } from '../command-context.ts'
import { CliError } from '../fail.ts'
import type { Io } from '../io.ts'
import { painter, safeLines, safeText, writeJson } from '../print.ts'
import { readNamed } from '../read-text.ts'
import { openLog } from './open-log.ts'
import { readTrust } from './read-trust.ts'

export type VerifyOptions = {
  policy?: string
  since?: string
  proof: string[]
  keys?: string
  requireImmutable?: Immutability
  endpoint?: string
  log?: string
}

/** `audit verify`: the exit code is the report's own, 10 to 18 by the kind of the first damage. */
export async function verifyAudit(
  context: CommandContext,
  place: string | undefined,
  options: VerifyOptions,
): Promise<void> {
  if (options.proof.length > 0) return verifyProofs(context, place, options)
  if (options.keys !== undefined) {
    throw new CliError('LELU_USAGE_INVALID', 'The keys of a log are read beside it.', {
      help: 'Pass --keys with --proof, or leave it out.',
    })
  }
  const { io, globals, setExitCode } = context
  const { directory: home, json } = globals()
  const { policy, since, requireImmutable, endpoint, log } = options
  const { describeReport, verifyLog } = await import('@lelu/audit/reading')
  const opened = await openLog(place ?? join(home, 'audit'), { endpoint, log, env: io.env })
  const [source, progress] = watched(opened, io)
  const report = await verifyLog({
    source,
    ...(policy !== undefined && { trust: await readTrust(policy) }),
    ...(since !== undefined && { since: (await readNamed(since)).toString() }),
    ...(requireImmutable !== undefined && { require: { immutable: requireImmutable } }),
    onProgress: progress.show,
  }).finally(progress.clear)
  // A report that is not ok never ends with 0, whatever its code says.
  if (!report.ok) setExitCode(report.exit || 1)
  if (json) {
    writeJson(io, report)
    return
  }
  const verdict = report.ok ? painter(io)('green', 'ok') : painter(io)('red', 'FAILED')
  const hint = policy === undefined ? policyHint(report) : ''
  const text = safeLines(describeReport(report)).trimEnd()
  io.write(`${text}\n${hint}audit verify: ${verdict}\n`)
}

const policyHint = ({ streams }: AuditReport): string =>
  streams.some(({ checkpoint }) => checkpoint !== null)
    ? 'hint     keep the vkey of the log elsewhere (the first line of a file in its keys/), and pass --policy FILE with two lines: witness operator <vkey>, quorum operator\n'
    : ''

/** Proofs of single records need no log. */
async function verifyProofs(
  { io, globals, setExitCode }: CommandContext,
  place: string | undefined,
  { proof: files, policy, keys: folder }: VerifyOptions,
): Promise<void> {
  if (place !== undefined || policy === undefined) {
    throw new CliError('LELU_USAGE_INVALID', 'A proof is verified by itself, against a policy.', {
      help: 'lelu audit verify --proof FILE --policy FILE',
    })
  }
  const { verifyRecordProof } = await import('@lelu/audit/reading')
  const trust = await readTrust(policy)
  const keys = folder === undefined ? [] : await readKeys(folder)
  const paint = painter(io)
  const reports = []
  for (const file of files) {
    const report = verifyRecordProof({ proof: (await readNamed(file)).toString(), trust, keys })
    reports.push({ file, ...report })
  }
  const failed = reports.find(({ ok }) => !ok)
  if (failed !== undefined) setExitCode(failed.exit || 1)
  if (globals().json) return writeJson(io, reports)
  for (const { file, ok, why, raw, times } of reports) {
    const verdict = ok ? paint('green', 'ok') : paint('red', 'FAILED')
    io.write(`${safeText(file)}: ${verdict}: ${safeText(why)}\n`)
    for (const { witness, time } of times) io.write(`  signed at ${time} by ${safeText(witness)}\n`)
    if (raw !== null) io.write(`  ${safeText(raw)}\n`)
  }
}

async function readKeys(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  return Promise.all(names.map((name) => readNamed(join(folder, name)).then(String)))
}

/** How far it is, on standard error, where that is a terminal and it takes over a second. */
function watched(
  source: LogSource,
  { terminal, writeError }: Io,
): [LogSource, { show(bytes: number): void; clear(): void }] {
  const begun = Date.now()
  let last = begun
  let shown = false
  let streams = 0
  const counting: LogSource = {
    ...source,
    checkpoints(ref) {
      streams += 1 // asked for once a stream, when it is its turn
      return source.checkpoints(ref)
    },
  }
  return [
    counting,
    {
      show(bytes) {
        const time = Date.now()
        if (!terminal.stderr || time - begun < 1000 || time - last < 200) return
        last = time
        shown = true
        writeError(`\r\u001b[Kverifying: ${(bytes / 1e6).toFixed(0)} MB, stream ${streams}`)
      },
      clear() {
        if (shown) writeError('\r\u001b[K')
      },
    },
  ]
}
