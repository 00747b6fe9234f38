import type { LogSource, StoredCheckpoint, StreamRef } from '../read/source.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { type Problem, problemAt } from './report.ts'
import { originParts, type Trust } from './trust.ts'
import type { KnownTree } from './walk.ts'

/** A checkpoint of a stream that is signed as the trust policy demands. */
export type TrustedCheckpoint = {
  file: string
  size: number
  root: string
  time: string | null
  log: string
}

export type Checkpoints = {
  /** By growing size. */
  trusted: TrustedCheckpoint[]
  /** Whether there are any, trusted or not. */
  found: boolean
  problems: Problem[]
}

/** Reads the checkpoints of a stream and judges their signatures; their roots are compared by the walk. */
export async function readCheckpoints(
  source: LogSource,
  ref: StreamRef,
  trust: Trust,
): Promise<Checkpoints> {
  const { stream } = ref
  const trusted: TrustedCheckpoint[] = []
  const problems: Problem[] = []
  let found = false
  for await (const stored of source.checkpoints(ref)) {
    found = true
    const judged = judge(stored, ref, trust)
    if ('size' in judged) trusted.push(judged)
    else problems.push(problemAt(judged.code, { stream, file: stored.file }, judged.message))
  }
  return { trusted, found, problems }
}

type Refused = { code: 'bad_signature' | 'rollback'; message: string }

function judge(
  { file, size: named, text }: StoredCheckpoint,
  { log: expected, stream }: StreamRef,
  trust: Trust,
): TrustedCheckpoint | Refused {
  const bad = (message: string): Refused => ({ code: 'bad_signature', message })
  const checkpoint = parseCheckpoint(text)
  if (checkpoint === undefined) return bad('it is no signed checkpoint')
  const { origin, size, root } = checkpoint
  const { trusted, why, time } = trust.judge(checkpoint)
  if (!trusted)
    return bad(`the checkpoint of ${size} records is not signed by whom is trusted: ${why}`)
  const { log, stream: of } = originParts(origin)
  if (of !== stream || (expected !== undefined && log !== expected)) {
    return bad(`the checkpoint is that of another stream: ${origin}`)
  }
  if (named !== undefined && named !== size) {
    const message = `a checkpoint of ${size} records stands in the place of that of ${named}`
    return { code: 'rollback', message }
  }
  return { file, size, root: root.toString('base64'), time, log }
}

/** What a walk compares its tree with. */
export function knownTreeOf(
  stream: string,
  { file, size, root, time }: TrustedCheckpoint,
): KnownTree {
  return {
    size,
    root,
    checkpoint: { size, time },
    problem: () =>
      problemAt(
        'bad_root',
        { stream, file, seq: size - 1 },
        `the first ${size} records are not those that were signed: every line fits the next, but not the signed root`,
      ),
  }
}
