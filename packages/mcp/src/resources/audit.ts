import { openSource, readRecords } from '@lelu/audit/reading'
import { isLeluError } from '@lelu/engine'
import type { ReadResourceResult } from '@modelcontextprotocol/server'
import type { Principal } from '../surface/principal.ts'
import { readsAudit } from '../surface/rights.ts'
import type { ToolParts } from '../tools/options.ts'
import { jsonContents } from './contents.ts'

type Parts = Pick<ToolParts, 'lelu' | 'scans'>

export const headUri = 'lelu://audit/head'
const mostStreams = 100
const recordPattern = /^lelu:\/\/audit\/([a-z0-9-]{1,64})\/(0|[1-9]\d{0,14})$/

async function streamsOf({ lelu }: Parts) {
  try {
    const source = await openSource(lelu.audit.directory)
    return { source, refs: (await source.streams()).slice(-mostStreams) }
  } catch (error) {
    if (isLeluError(error) && error.code === 'LELU_AUDIT_NOT_FOUND') return undefined
    throw error
  }
}

/** `lelu://audit/head`: the newest signed checkpoint of each stream, to be kept elsewhere. */
export async function readHead(
  parts: Parts,
  principal: Principal,
): Promise<ReadResourceResult | undefined> {
  if (!readsAudit(principal)) return undefined
  const found = await streamsOf(parts)
  const streams: { stream: string; checkpoint: string | null }[] = []
  for (const ref of found?.refs ?? []) {
    let checkpoint: string | null = null
    for await (const { text } of found?.source.checkpoints(ref) ?? []) checkpoint = text
    streams.push({ stream: ref.stream, checkpoint })
  }
  return jsonContents(headUri, { streams })
}

/** `lelu://audit/{stream}/{seq}`: one record of the principal's tenant. */
export async function readRecord(
  { lelu, scans }: Parts,
  uri: string,
  principal: Principal,
): Promise<ReadResourceResult | undefined> {
  const [, stream, place] = recordPattern.exec(uri) ?? []
  if (stream === undefined || place === undefined || !readsAudit(principal)) return undefined
  const from = Number(place)
  const { signal } = new AbortController()
  const scanned = await scans.run(signal, async (limited) => {
    for await (const one of readRecords({ directory: lelu.audit.directory, stream, from })) {
      if (limited.aborted) return undefined
      // `readRecords` has passed over what comes before.
      return one
    }
    return undefined
  })
  const found = scanned?.value
  if (found?.record.seq !== from || found.record.tenant !== principal.tenant) return undefined
  const { leaf, record } = found
  return jsonContents(uri, { stream, seq: from, leaf, record })
}

/** Names of streams that begin so. */
export async function completeStream(
  parts: Parts,
  value: string,
  principal: Principal,
): Promise<string[]> {
  if (!readsAudit(principal)) return []
  const found = await streamsOf(parts)
  return (found?.refs ?? []).map(({ stream }) => stream).filter((name) => name.startsWith(value))
}
