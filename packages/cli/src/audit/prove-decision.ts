import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandContext } from '../command-context.ts'
import { safeText, writeJson } from '../print.ts'
import { openLog } from './open-log.ts'

type ProofOptions = { out?: string; from?: string; endpoint?: string; log?: string }

/** `audit proof`: a file that shows, without the log, that one decision is in it. */
export async function proveDecision(
  { io, globals }: CommandContext,
  id: string,
  { out, from, endpoint, log }: ProofOptions,
): Promise<void> {
  const { directory: home, json } = globals()
  const { makeProof } = await import('@lelu/audit/reading')
  const source = await openLog(from ?? join(home, 'audit'), { endpoint, log, env: io.env })
  const made = await makeProof({ source, id })
  // Never over another file: a proof may be all that somebody has left.
  if (out !== undefined) await writeFile(out, made.proof, { flag: 'wx' })
  if (json) {
    writeJson(io, made)
    return
  }
  if (out === undefined) {
    io.write(made.proof)
    return
  }
  const { stream, seq, size } = made
  io.write(
    `${safeText(out)}: record ${seq} of stream ${stream}, in its first ${size} records\n` +
      `To check it: lelu audit verify --proof ${safeText(out)} --policy FILE\n`,
  )
}
