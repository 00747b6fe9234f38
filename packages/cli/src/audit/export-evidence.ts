import { join } from 'node:path'
import type { CommandContext } from '../command-context.ts'
import { report, safeText } from '../print.ts'
import { openLog } from './open-log.ts'
import { readTrust } from './read-trust.ts'

type ExportOptions = {
  from: string
  to: string
  out?: string
  sample: number
  policy?: string
  endpoint?: string
  log?: string
}

/** `audit export`: the evidence of a period as a folder that anybody can check with one command. */
export async function exportEvidencePack(
  context: CommandContext,
  place: string | undefined,
  options: ExportOptions,
): Promise<void> {
  const { io } = context
  const { directory: home, json } = context.globals()
  const { from, to, sample, policy, endpoint, log } = options
  const { out = `lelu-evidence-${from}-${to}`.replace(/[^\w.-]/g, '') } = options
  const { exportEvidence } = await import('@lelu/audit/reading')
  const source = await openLog(place ?? join(home, 'audit'), { endpoint, log, env: io.env })
  const trust = policy === undefined ? undefined : await readTrust(policy)
  const showsProgress = io.terminal.stderr && !json
  const pack = await exportEvidence({
    ...{ source, out, from, to, sample },
    ...(trust !== undefined && { trust }),
    onProgress({ streams, of, records }) {
      if (showsProgress) io.writeError(`\r${streams} of ${of} streams, ${records} records`)
    },
  })
  if (showsProgress) io.writeError('\n')
  const { records, decisions, sampled, streams, leftOut, unsigned, roots } = pack
  const policyOption = roots > 0 || trust !== undefined ? ' --policy policy.txt' : ''
  report(context, pack, [
    `${records} records, ${decisions} of them decisions, in ${streams} streams: ${safeText(out)}`,
    `${sampled} decisions were drawn, each with its proof`,
    ...(leftOut > 0 ? [`${leftOut} streams lie outside of that time and are not in it`] : []),
    ...(unsigned > 0 ? [`${unsigned} records are not covered by a checkpoint yet`] : []),
    ...(roots > 1 ? [`the log has ${roots} first keys that no other key introduced: ask why`] : []),
    'To check it, in that folder:',
    `  sha256sum -c --quiet SHA256SUMS && lelu audit verify .${policyOption}`,
  ])
}
