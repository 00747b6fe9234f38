import { AuditError } from '../errors.ts'
import { streamPattern } from '../folder/folder.ts'

/** What lies under a key of the archive. `log` may hold slashes. */
export type ArchiveKey =
  | { kind: 'stream'; log: string; stream: string }
  | { kind: 'segment'; log: string; stream: string; firstSeq: number }
  | { kind: 'checkpoint'; log: string; stream: string; size: number }
  | { kind: 'key'; log: string; keyId: string }

/** Below it lie the objects by which a sink tries what the store does. No log is named so. */
export const canaryPrefix = 'v1/_canary/'

/** Above it, numbers are no longer exact. */
const number16 = (value: number): string => {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`No position: ${value}`)
  return String(value).padStart(16, '0')
}

/** Below it lies everything of a log, and everything of the logs whose names begin with its name and a slash. */
export const logPrefix = (log: string): string => `v1/${checkedLog(log)}/`
export const streamsPrefix = (log: string): string => `${logPrefix(log)}streams/`
export const keysPrefix = (log: string): string => `${logPrefix(log)}keys/`
export const segmentsPrefix = (log: string, stream: string): string =>
  `${logPrefix(log)}s/${checkedStream(stream)}/seg/`
export const checkpointsPrefix = (log: string, stream: string): string =>
  `${logPrefix(log)}s/${checkedStream(stream)}/cp/`

/** The announcement of a stream. */
export const streamKey = (log: string, stream: string): string =>
  `${streamsPrefix(log)}${checkedStream(stream)}.json`
/** A run of records from `firstSeq`, in one gzip member. */
export const segmentKey = (log: string, stream: string, firstSeq: number): string =>
  `${segmentsPrefix(log, stream)}${number16(firstSeq)}.jsonl.gz`
/** A signed checkpoint of a tree of so many records. */
export const checkpointKey = (log: string, stream: string, size: number): string =>
  `${checkpointsPrefix(log, stream)}${number16(size)}`
/** A public key of the log: `keyId` is 8 hex digits. */
export const logKeyKey = (log: string, keyId: string): string => {
  if (!keyIdPattern.test(keyId)) throw new RangeError(`No key id: ${keyId}`)
  return `${keysPrefix(log)}${keyId}`
}

const keyIdPattern = /^[0-9a-f]{8}$/
const logPattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/

/** Also refuses `a/../b` and `a//b`: a folder and some stores would put them elsewhere than they say. */
export function isArchiveLog(log: string): boolean {
  return logPattern.test(log) && log.split('/').every((part) => !['', '.', '..'].includes(part))
}

function checkedLog(log: string): string {
  if (isArchiveLog(log)) return log
  throw new AuditError('LELU_AUDIT_OPTIONS_INVALID', 'The name of the log is no path.', {
    help: 'Use up to 100 letters, digits and . _ / - without empty parts and without the parts . and ..',
  })
}

function checkedStream(stream: string): string {
  if (streamPattern.test(stream)) return stream
  throw new RangeError('No name of a stream')
}

// Read from the end: a log may be named so that its name looks like a part of the layout, such as `a/s/b/keys`.
const stream = streamPattern.source.slice(1, -1)
const forms: readonly [RegExp, (log: string, one: string, two: string) => ArchiveKey][] = [
  [
    new RegExp(`^v1/(.+)/streams/(${stream})\\.json$`),
    (log, name) => ({ kind: 'stream', log, stream: name }),
  ],
  [
    new RegExp(`^v1/(.+)/s/(${stream})/seg/(\\d{16})\\.jsonl\\.gz$`),
    (log, name, seq) => ({ kind: 'segment', log, stream: name, firstSeq: Number(seq) }),
  ],
  [
    new RegExp(`^v1/(.+)/s/(${stream})/cp/(\\d{16})$`),
    (log, name, size) => ({ kind: 'checkpoint', log, stream: name, size: Number(size) }),
  ],
  [/^v1\/(.+)\/keys\/([0-9a-f]{8})$/, (log, keyId) => ({ kind: 'key', log, keyId })],
]

/** What lies under the key; undefined when it does not belong to an archive. */
export function parseArchiveKey(key: string): ArchiveKey | undefined {
  for (const [pattern, read] of forms) {
    const match = pattern.exec(key)
    if (match === null) continue
    const [, log = '', one = '', two = ''] = match
    if (isArchiveLog(log) && Number(two) <= Number.MAX_SAFE_INTEGER) return read(log, one, two)
  }
  return undefined
}
