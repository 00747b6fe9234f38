import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unreadable } from '../errors.ts'
import {
  keysFolder,
  listNames,
  listStreams,
  ownersFolder,
  quarantineFolder,
} from '../folder/folder.ts'
import { listOwned } from '../folder/ownership.ts'
import { reserveFile } from '../folder/reserve.ts'
import { assertLogThere } from '../read/read.ts'
import type { AuditRecord } from '../record/record.ts'
import { shippingFolder } from '../sink/unshipped.ts'
import { createClaims, readGenesisClaims } from './claims.ts'
import { type AuditReport, type Problem, problemAt, type StreamReport } from './report.ts'
import { createPairing, type PairingResult } from './unfinished.ts'
import { judgeEnd } from './verify-end.ts'
import { type Walk, walkStream } from './verify-stream.ts'

/**
 * Verifies a log folder: offline, without secrets, in constant memory but for calls that are still open.
 * Throws `LELU_AUDIT_NOT_FOUND`, and `LELU_AUDIT_UNAVAILABLE` when a part cannot be read.
 */
export async function verifyLog({ directory }: { directory: string }): Promise<AuditReport> {
  await assertLogThere(directory)
  try {
    return await verify(directory)
  } catch (cause) {
    throw unreadable(directory, cause)
  }
}

async function verify(directory: string): Promise<AuditReport> {
  // In this order a stream that begins or ends meanwhile is never taken for one that was cut off.
  const names = await listStreams(directory)
  const owners = new Map((await listOwned(directory)).map(({ stream, state }) => [stream, state]))
  const claims = createClaims()
  await readGenesisClaims(directory, names, claims)

  const pairing = createPairing()
  const kinds: Record<string, number> = Object.create(null)
  const cuts: AuditRecord[] = []
  const visit = (record: AuditRecord) => {
    kinds[record.kind] = (kinds[record.kind] ?? 0) + 1
    pairing.visit(record)
    if (record.kind !== 'recovery') return
    claims.visit(record)
    if (typeof record.quarantine === 'string') cuts.push(record)
  }
  const walks: Walk[] = []
  for (const stream of names) {
    walks.push(await walkStream({ directory, stream, claims: claims.of(stream), visit }))
  }

  const problems: Problem[] = []
  const warnings: string[] = []
  const streams: StreamReport[] = []
  for (const walk of walks) {
    const {
      state,
      problems: end,
      warning,
    } = judgeEnd(walk, claims.of(walk.stream), owners.get(walk.stream))
    problems.push(...walk.problems, ...end)
    if (warning !== undefined) warnings.push(warning)
    if (walk.clockBack) warnings.push(`the clock went back while stream ${walk.stream} was written`)
    streams.push(reportOf(walk, state))
  }
  problems.push(...missingStreams(new Set(await listStreams(directory)), claims))
  warnings.push(
    ...(await quarantineWarnings(directory, cuts)),
    ...(await foreignWarnings(directory, names)),
  )
  const paired = pairing.result()
  warnings.push(...pairingWarnings(paired))

  const ok = problems.length === 0
  const records = streams.reduce((sum, stream) => sum + stream.records, 0)
  return {
    ok,
    exit: problems[0]?.exit ?? 0,
    records,
    streams,
    problems,
    warnings,
    kinds: { ...kinds },
    unfinished: paired.unfinished,
    proven: ok ? provenOf(records, streams) : [],
    notProven,
  }
}

function reportOf(walk: Walk, state: StreamReport['state']): StreamReport {
  const { stream, records, firstSeq = null, last, from = null, to = null } = walk
  return {
    stream,
    records,
    firstSeq,
    lastSeq: last?.seq ?? null,
    head: last?.leaf ?? null,
    from,
    to,
    state,
  }
}

function missingStreams(
  there: ReadonlySet<string>,
  claims: ReturnType<typeof createClaims>,
): Problem[] {
  const problems: Problem[] = []
  for (const stream of claims.streams()) {
    const claim = claims.of(stream).find(({ seq }) => seq !== null)
    if (there.has(stream) || claim === undefined) continue
    const message = `the stream is gone, but stream ${claim.by} saw its record ${claim.seq}`
    problems.push(problemAt('stream_missing', { stream, seq: claim.seq ?? 0 }, message))
  }
  return problems
}

async function quarantineWarnings(
  directory: string,
  cuts: readonly AuditRecord[],
): Promise<string[]> {
  const warnings: string[] = []
  const named = new Set<string>()
  for (const { stream, seq, of, quarantine, cut_sha256 } of cuts) {
    const name = String(quarantine)
    named.add(name)
    // The name comes from a record: it must not lead out of the folder.
    const inside = /^quarantine\/[a-z0-9.-]+$/.test(name)
    const bytes = inside ? await readFile(join(directory, name)).catch(() => undefined) : undefined
    if (bytes !== undefined && hash('sha256', bytes, 'base64') === cut_sha256) continue
    warnings.push(
      `the bytes that were cut off stream ${String(of)} (${stream}/${seq}) are not in ${name} as they were`,
    )
  }
  for (const file of await listNames(join(directory, quarantineFolder))) {
    const name = `${quarantineFolder}/${file}`
    if (!named.has(name))
      warnings.push(
        `no record names ${name}: a recovery was itself cut short, or the file is foreign`,
      )
  }
  return warnings
}

async function foreignWarnings(directory: string, streams: readonly string[]): Promise<string[]> {
  const known = new Set([
    ...streams,
    ownersFolder,
    quarantineFolder,
    keysFolder,
    shippingFolder,
    reserveFile,
  ])
  const names = (await listNames(directory)).filter((name) => !known.has(name))
  const later = new Set(await listStreams(directory))
  return names.filter((name) => !later.has(name)).map((name) => `${name} is no part of the log`)
}

function pairingWarnings({ unfinished, limited }: PairingResult): string[] {
  const words = {
    decision_without_outcome:
      'allowed and have no recorded outcome: not run by the engine, or not known to have ended',
    attempt_without_outcome:
      'begun after an approval and have no recorded outcome: whether they took effect is not known',
    outcome_without_redeem: 'recorded with an outcome, but not with what began them',
  }
  const warnings: string[] = []
  for (const [kind, found] of Map.groupBy(unfinished, (one) => one.kind)) {
    const [first] = found
    warnings.push(
      `${found.length} calls were ${words[kind]} (first: ${first?.stream}/${first?.seq})`,
    )
  }
  if (limited) warnings.push('too many calls are open at once: not all outcomes were paired')
  return warnings
}

function provenOf(records: number, streams: readonly StreamReport[]): string[] {
  const ended = streams.filter(({ state }) => state === 'closed' || state === 'recovered').length
  return [
    `${records} records in ${streams.length} streams: none between the first and the last of a stream was altered, removed, added or moved`,
    `${ended} streams end where they were ended`,
    'every record that a later stream noted of another one is still there, and the same',
  ]
}

const notProven = [
  'that the newest records are all there: until checkpoints are signed, whoever can write to the folder can cut off, or rewrite with all its sums, a tail that no later stream has noted, or replace the whole folder',
  'that the last record of each stream was not rewritten together with its sum: a flipped byte is seen, a forger who recomputes the sum is not, unless a later stream has noted the record',
  'that what was recorded is what happened: the log says what the engine saw',
]
