import { AuditError } from '../errors.ts'
import { sinkUnavailable } from '../sink/errors.ts'

type ServiceError = Error & { $metadata?: { httpStatusCode?: number }; Code?: string }

/** The status of the store's answer; undefined when it did not answer. */
export function statusOf(error: unknown): number | undefined {
  return (error as ServiceError | undefined)?.$metadata?.httpStatusCode
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error)
}

const help: Record<string, string> = {
  AccessDenied: 'Give the credentials the permissions listed in docs/s3.md.',
  CredentialsProviderError: 'Pass `credentials`, or set those of the environment.',
  InvalidAccessKeyId: 'Check the credentials: this store does not know them.',
  InvalidRequest:
    'Check that the bucket was made with Object Lock: it can hold nothing without it. See docs/s3.md.',
  NoSuchBucket: 'Make the bucket, with Object Lock, or correct its name. See docs/s3.md.',
  NotImplemented:
    'This store lacks a part of S3 that an archive needs. See the table of stores in docs/s3.md.',
  PermanentRedirect: 'The bucket is in another region: correct `region`.',
  SignatureDoesNotMatch: 'Check the secret access key.',
}

/** An error of the SDK as one that says what to do. `sink` is the sink's name. */
export function s3Error(sink: string, what: string, cause: unknown): AuditError {
  if (cause instanceof AuditError) return cause
  const [name, status] = [nameOf(cause), statusOf(cause)]
  const details = { sink, error: name, ...(status !== undefined && { status }) }
  if (name === 'RequestTimeTooSkewed') {
    return new AuditError(
      'LELU_AUDIT_SINK_CLOCK',
      `The archive ${sink} refused a request (${what}): the clock of this host is wrong by more than it allows.`,
      {
        help: 'Set the clock of this host by NTP. Records are kept on the local disk until then.',
        cause,
        details,
      },
    )
  }
  const isRefused = name === 'CredentialsProviderError' || isFinal(status)
  if (!isRefused) return sinkUnavailable(sink, what, cause)
  return new AuditError(
    'LELU_AUDIT_SINK_REFUSED',
    `The archive ${sink} refused a request (${what}): ${name}${saidBy(cause)}.`,
    {
      help: Object.hasOwn(help, name)
        ? (help[name] as string)
        : 'Check the bucket, its policy and the credentials. See docs/s3.md.',
      cause,
      details,
    },
  )
}

/** The SDK's own words for an answer without any are left out. */
function saidBy(cause: unknown): string {
  const said = cause instanceof Error ? cause.message.replace(/\.$/, '') : ''
  return ['', 'UnknownError', 'Unknown'].includes(said) ? '' : `: ${said}`
}

/** Asking again would bring the same answer. */
function isFinal(status: number | undefined): boolean {
  if (status === undefined || [408, 429].includes(status)) return false
  return (status >= 300 && status < 500) || status === 501
}

/** Somebody who does not have the SDK, which only this sink needs. */
export function sdkMissing(cause: unknown): AuditError {
  return new AuditError('LELU_AUDIT_OPTIONS_INVALID', 'The S3 sink needs @aws-sdk/client-s3.', {
    help: 'Install it beside this package: npm install @aws-sdk/client-s3',
    cause,
  })
}
