import { fileURLToPath } from 'node:url'
import { AuditError } from '../errors.ts'
import { directorySink } from './directory-sink.ts'
import type { AuditSink } from './sink.ts'

const known = ['mode', 'days', 'legal-hold', 'immutable', 'endpoint', 'owner']

/**
 * An archive by its URL: `s3://bucket/prefix?mode=COMPLIANCE&days=365`, or `file:///folder`. Of S3 also `legal-hold=on`,
 * `immutable=preferred`, `owner` (12 digits) and `endpoint`; without `mode` and `days` it can only be read. Region and
 * credentials come from where every AWS tool takes them. Throws `LELU_AUDIT_OPTIONS_INVALID`.
 */
export async function openArchive(text: string): Promise<AuditSink> {
  const url = parse(text)
  const words = url.searchParams
  for (const word of words.keys()) {
    // A misspelt word that is ignored would be a weaker archive than the one that was asked for.
    if (!known.includes(word) || url.protocol === 'file:') {
      throw invalid(`it has no \`${word}\``, `Of s3:// there are: ${known.join(', ')}.`)
    }
  }
  if (url.protocol === 'file:') return directorySink({ directory: fileURLToPath(url) })
  const { s3Sink } = await import('../s3/index.ts')
  const [mode, days, endpoint, owner] = ['mode', 'days', 'endpoint', 'owner'].map((word) =>
    words.get(word),
  )
  const immutable = words.get('immutable')
  return s3Sink({
    bucket: url.hostname,
    prefix: url.pathname.replace(/^\/|\/$/g, ''),
    ...((mode ?? days) && {
      lock: {
        mode: mode as 'COMPLIANCE',
        days: Number(days),
        legalHold: onOrOff(words.get('legal-hold')),
      },
    }),
    ...(immutable && { immutable: immutable as 'required' }),
    // Stores beside AWS want the bucket in the path, and have no regions to speak of.
    ...(endpoint && {
      endpoint,
      forcePathStyle: true,
      region: process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1',
    }),
    ...(owner && { expectedBucketOwner: owner }),
  })
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['s3:', 'file:'].includes(url.protocol)) {
    throw invalid('it is no URL of an archive', 'Pass s3://bucket/prefix or file:///folder.')
  }
  if (url.username !== '' || url.password !== '' || url.port !== '' || url.hash !== '') {
    throw invalid(
      'it holds more than a bucket, a prefix and options',
      'Credentials come from the environment, as AWS_ACCESS_KEY_ID and the like.',
    )
  }
  return url
}

function onOrOff(word: string | null): boolean {
  if (word === null || word === 'off') return false
  if (word === 'on') return true
  throw invalid('`legal-hold` is neither on nor off', 'Correct it, or leave it out.')
}

/** The URL itself stays out of the message: somebody may have put a password into it. */
function invalid(what: string, help: string): AuditError {
  return new AuditError('LELU_AUDIT_OPTIONS_INVALID', `The archive cannot be opened: ${what}.`, {
    help,
  })
}
