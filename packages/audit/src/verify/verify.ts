import { unreadable } from '../errors.ts'
import { openSource } from '../read/open-source.ts'
import type { LogSource } from '../read/source.ts'
import { createClaims } from './claims.ts'
import { coverageOf } from './coverage.ts'
import { readEarlyClaims } from './early-claims.ts'
import { keepContents, readExcerpt } from './excerpt.ts'
import { createFindings } from './findings.ts'
import { checkImmutable } from './immutable.ts'
import { arrivalMs, missingStreams, unsignedTails } from './missing.ts'
import { nothingRead } from './nothing-read.ts'
import { keepClaims, type VerifyOptions } from './options.ts'
import { checkTables } from './pack-tables.ts'
import { folderWarnings, readAnnouncements } from './places.ts'
import { statementsOf } from './proven.ts'
import { readStream, type StreamRead } from './read-stream.ts'
import { type AuditReport, type Problem, problemAt } from './report.ts'
import { reportOf, streamWarnings } from './stream-report.ts'
import { createTrust } from './trust.ts'
import { pairingWarnings } from './unfinished.ts'
import { judgeEnd } from './verify-end.ts'

/**
 * Verifies a log folder or an archive, without secrets, in constant memory but for calls that are still open. Of a
 * directory nothing else is contacted. Throws `LELU_AUDIT_NOT_FOUND`, `LELU_AUDIT_TRUST_INVALID`,
 * `LELU_AUDIT_OPTIONS_INVALID`, and `LELU_AUDIT_UNAVAILABLE` when a part cannot be read.
 */
export async function verifyLog(options: VerifyOptions): Promise<AuditReport> {
  const source = 'source' in options ? options.source : await openSource(options.directory)
  const { onProgress } = options
  try {
    return await verify(onProgress === undefined ? source : counted(source, onProgress), options)
  } catch (cause) {
    throw unreadable(source.name, cause)
  }
}

async function verify(source: LogSource, options: VerifyOptions): Promise<AuditReport> {
  const { now = Date.now, require = {} } = options
  const archived = source.kind === 'archive'
  // In this order a stream that begins or ends meanwhile is never taken for one that was cut off.
  const began = Date.now()
  const refs = await source.streams()
  const owners = await source.owners()
  const keys = await source.keys()
  const trust = createTrust(options.trust, keys)
  const told = await readExcerpt(source, trust)
  const excerpt = told !== undefined && 'pack' in told ? told : undefined
  const claims = createClaims(excerpt?.isMeanwhile)
  const problems: Problem[] = (await source.anomalies()).map(({ code, message, ...place }) =>
    problemAt(code, place, message),
  )
  problems.push(...(told?.problems ?? []), ...keepClaims(options, trust, claims))
  if (excerpt !== undefined) keepContents(excerpt, claims)
  // What a pack claims had to be there when it was taken.
  const due = excerpt?.now ?? now()
  problems.push(...(await readAnnouncements(source, claims)))
  await readEarlyClaims(source, refs, claims)

  const findings = createFindings()
  const read: StreamRead[] = []
  for (const ref of refs) {
    const one = await readStream(source, ref, trust, claims.of(ref.stream))
    findings.absorb(one.findings)
    read.push(one)
  }
  // What was written since verifying began may speak of records that came after they were looked for.
  const later = new Set<string>()
  for (const stream of findings.claims.streams()) {
    for (const claim of findings.claims.of(stream)) {
      const at = Date.parse(claim.by?.ts ?? '')
      if (at >= began && at <= Date.now()) continue
      if (claims.add(stream, claim) && !claim.last) later.add(stream)
    }
  }
  for (const [index, { ref }] of read.entries()) {
    if (!later.has(ref.stream)) continue
    // Rare: a stream's newest word of another stands before its last segment.
    read[index] = await readStream(source, ref, trust, claims.of(ref.stream))
  }

  const covered = coverageOf(read.map(({ ref, walk }) => ({ walk, claims: claims.of(ref.stream) })))
  const warnings: string[] = []
  const seen: Problem[] = []
  const streams = read.map(({ ref: { stream }, walk, checkpoints }) => {
    const [known, owner] = [claims.of(stream), owners?.get(stream)]
    const end = judgeEnd({ walk, claims: known, checkpoints, owner, archived, now: due })
    const own = walk.contradictions.filter(({ code }) => code === 'bad_root')
    problems.push(...walk.problems, ...checkpoints.problems, ...own)
    // What others saw of it comes after: they may be damaged themselves.
    seen.push(...walk.contradictions.filter((one) => !own.includes(one)), ...end.problems)
    warnings.push(...end.warnings, ...streamWarnings(walk))
    return reportOf(walk, end.state, covered.get(stream) ?? 0)
  })
  problems.push(...seen)
  const missing = missingStreams(await source.streams(), claims, {
    now: archived ? due : undefined,
    isOutside: excerpt?.isOutside,
  })
  const lenient = source.kind === 'folder' || excerpt !== undefined
  const tails = await unsignedTails({
    ...{ source, read, streams, owners, trust, problems, lenient, now: due },
    isOpen: excerpt?.isOpen,
    closedSince: excerpt && new Date(due - arrivalMs).toISOString(),
  })
  problems.push(...missing.problems, ...tails.problems)
  warnings.push(...missing.warnings, ...tails.warnings)
  if (source.kind === 'folder') warnings.push(...(await folderWarnings(source.name, findings.cuts)))
  const paired = findings.pairing.result()
  warnings.push(...pairingWarnings(paired))
  const demanded = require.immutable
  const held = demanded && (await checkImmutable(source, demanded, now()))
  problems.push(...(held?.problems ?? []))
  if (held !== undefined && held.expired > 0) {
    warnings.push(`the lock of ${held.expired} objects has run out: they can be deleted now`)
  }

  problems.push(...nothingRead({ read, keys, problems }))
  const tables =
    excerpt !== undefined && problems.length === 0
      ? await checkTables({ source, excerpt, read, trust })
      : undefined
  problems.push(...(tables?.problems ?? []))

  const ok = problems.length === 0
  return {
    ok,
    exit: problems[0]?.exit ?? 0,
    records: streams.reduce((sum, stream) => sum + stream.records, 0),
    streams,
    problems,
    warnings,
    kinds: { ...findings.kinds },
    unfinished: paired.unfinished,
    ...statementsOf({
      ...{ ok, streams, trust, archived, excerpt, tables, since: options.since !== undefined },
      held: demanded && held && { ...demanded, objects: held.objects },
    }),
  }
}

function counted(source: LogSource, onProgress: (bytes: number) => void): LogSource {
  let bytes = 0
  return {
    ...source,
    async *read(...place) {
      for await (const chunk of source.read(...place)) {
        bytes += chunk.length
        onProgress(bytes)
        yield chunk
      }
    },
  }
}
