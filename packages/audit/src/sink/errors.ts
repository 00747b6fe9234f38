import { AuditError, linkHelp } from '../errors.ts'
import { isLinkError } from '../folder/read-flags.ts'
import type { SinkCheck } from './sink.ts'

/** The archive cannot be reached now. What was recorded waits on the local disk. */
export function sinkUnavailable(sink: string, what: string, cause: unknown): AuditError {
  if (cause instanceof AuditError) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return new AuditError(
    'LELU_AUDIT_SINK_UNAVAILABLE',
    `The archive ${sink} failed (${what}): ${why}.`,
    {
      help: isLinkError(cause)
        ? linkHelp
        : 'Check that it can be reached and has room. Records are kept on the local disk until it works again.',
      cause,
      details: { sink },
    },
  )
}

/** A store that does not hold what it is given must not be taken for one that does. */
export function sinkUnsafe(check: SinkCheck): AuditError {
  const failed = check.findings.filter(({ ok }) => !ok)
  const list = failed.map((finding) => `${finding.check}: ${finding.detail}`).join('; ')
  return new AuditError(
    'LELU_AUDIT_SINK_UNSAFE',
    `The archive ${check.sink} is not immutable (${list}).`,
    {
      help: "Use a bucket with versioning and S3 Object Lock (docs/s3.md), or pass immutable: 'preferred' to keep an archive that its owner can change.",
      details: { sink: check.sink, findings: check.findings },
    },
  )
}

/** Other bytes stand under a key of ours: a fork, a rollback, or somebody who wrote first. */
export function sinkConflict(sink: string, key: string): AuditError {
  return new AuditError(
    'LELU_AUDIT_SINK_CONFLICT',
    `The archive ${sink} holds something else under ${key}.`,
    {
      help: 'Nothing was written over it. Run: lelu audit verify, on the archive and on the local log. A machine that was put back to an older state writes such a fork.',
      details: { sink, key },
    },
  )
}
