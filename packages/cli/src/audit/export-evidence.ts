import { join } from 'node:path'
import type { CommandContext } from '../command-context.ts'
import { makeDirectory, removeEmpty } from '../make-directory.ts'
import { counted, report, safeText } from '../print.ts'
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
  const made = await makeDirectory(out)
  const pack = await exportEvidence({
    ...{ source, out, from, to, sample },
    ...(trust !== undefined && { trust }),
    onProgress({ streams, of, records }) {
      if (!showsProgress) return
      io.writeError(`\r${streams} of ${counted(of, 'stream')}, ${counted(records, 'record')}`)
    },
  }).catch(async (error) => {
    await removeEmpty(made)
    throw error
  })
  if (showsProgress) io.writeError('\n')
  const { records, decisions, sampled, streams, leftOut, unsigned, roots } = pack
  const policyOption = roots > 0 || trust !== undefined ? ' --policy policy.txt' : ''
  report(context, pack, [
    `${counted(records, 'record')} in ${counted(streams, 'stream')}: ${safeText(out)}`,
    `${counted(decisions, 'decision')} in that time, ${sampled} drawn with a proof`,
    ...(leftOut > 0 ? [`not in it, outside of that time: ${counted(leftOut, 'stream')}`] : []),
    ...(unsigned > 0 ? [`not covered by a checkpoint yet: ${counted(unsigned, 'record')}`] : []),
    ...(roots > 1 ? [`the log has ${roots} first keys that no other key introduced: ask why`] : []),
    'To check it, in that folder:',
    `  sha256sum -c --quiet SHA256SUMS && lelu audit verify .${policyOption}`,
  ])
}
