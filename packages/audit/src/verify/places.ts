import { join } from 'node:path'
import { fileDigest } from '../folder/file-digest.ts'
import { listNames, quarantineFolder } from '../folder/folder.ts'
import { foreignNames } from '../read/folder-source.ts'
import type { LogSource } from '../read/source.ts'
import { leafHashOfText } from '../record/line.ts'
import type { AuditRecord } from '../record/record.ts'
import type { Claims } from './claims.ts'
import { type Problem, problemAt } from './report.ts'

/** Warnings about a log folder itself: cut bytes that are not as they were, and files that are no part of it. */
export async function folderWarnings(
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
    const digest = inside
      ? await fileDigest(join(directory, name)).catch(() => undefined)
      : undefined
    if (digest !== undefined && digest.toString('base64') === cut_sha256) continue
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
  for (const name of await foreignNames(directory)) warnings.push(`${name} is no part of the log`)
  return warnings
}

/**
 * Takes what an archive announces of its streams as claims: the first record of each. An announcement is put before
 * anything else of its stream, so a stream without one lost it.
 */
export async function readAnnouncements(source: LogSource, claims: Claims): Promise<Problem[]> {
  const problems: Problem[] = []
  const announced = new Set<string>()
  for (const { log, stream, file, text } of await source.announcements()) {
    announced.add(stream)
    const told = parseObject(text)
    const { genesis } = told
    if (told.log !== log || told.stream !== stream || typeof genesis !== 'string') {
      const message = 'the announcement of the stream is not as it was written'
      problems.push(problemAt('edited', { stream, file }, message))
      continue
    }
    const leaf = leafHashOfText(genesis)
    const claim = { seq: 0, leaf, root: null, by: undefined, last: false, signed: false }
    claims.add(stream, { ...claim, who: 'its announcement' })
  }
  if (source.kind !== 'archive') return problems
  for (const { stream } of await source.streams()) {
    if (announced.has(stream)) continue
    const message = 'the announcement of the stream is gone'
    problems.push(problemAt('stream_missing', { stream }, message))
  }
  return problems
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>
  } catch {
    return {}
  }
}
