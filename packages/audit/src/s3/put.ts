import { hash } from 'node:crypto'
import type { PutObjectCommandInput } from '@aws-sdk/client-s3'
import { AuditError } from '../errors.ts'
import type { PutResult } from '../sink/sink.ts'
import type { Call, Connection } from './connection.ts'
import { nameOf, statusOf } from './errors.ts'
import type { S3Lock } from './options.ts'
import { findVersions, type Place, readVersion } from './versions.ts'

/** A bucket policy may ask for the whole days: a request that takes its time, or is repeated, still has them. */
const marginMs = 60_000

/** How an object is held, from the store's time. */
export function holdOf(
  lock: S3Lock,
  until: number,
): Pick<
  PutObjectCommandInput,
  'ObjectLockMode' | 'ObjectLockRetainUntilDate' | 'ObjectLockLegalHoldStatus'
> {
  return {
    ObjectLockMode: lock.mode,
    ObjectLockRetainUntilDate: new Date(until),
    ...(lock.legalHold === true && { ObjectLockLegalHoldStatus: 'ON' }),
  }
}

export const retainUntil = (lock: S3Lock, time: number): number =>
  time + lock.days * 86_400_000 + marginMs

/**
 * The body with its checksum. The algorithm too: without it the SDK does not announce the checksum, and some stores
 * then keep a wrong one. A buffer, never a stream: streams are sent in chunks that some stores keep as content.
 */
export function bodyOf(
  bytes: Buffer,
): Pick<PutObjectCommandInput, 'Body' | 'ChecksumAlgorithm' | 'ChecksumSHA256'> {
  return {
    Body: bytes,
    ChecksumAlgorithm: 'SHA256',
    ChecksumSHA256: hash('sha256', bytes, 'base64'),
  }
}

export type PutInput = { key: string; bytes: Buffer; contentType: string }

/** Puts an object that must not be there. `lock` undefined: it is not held. */
export async function putOnce(
  connection: Connection,
  place: Place,
  lock: S3Lock | undefined,
  input: PutInput,
): Promise<PutResult> {
  const { key } = input
  // Before anything is held, the store has to have told what time it is.
  if (lock !== undefined && !connection.hasTime()) {
    await connection.call('asking for the time', (call) => findVersions(call, place, key))
  }
  return await connection.call(`putting ${key}`, async (call) => {
    for (let attempt = 0; performance.now() < call.due.at; attempt += 1) {
      const hold = lock && holdOf(lock, retainUntil(lock, connection.time()))
      const version = await tryPut(call, place, { ...input, hold })
      const result = await settle(call, place, input, version)
      if (result !== undefined) return result
      // Refused because of another put that was going on, and that has not left anything.
      await new Promise((next) => setTimeout(next, Math.min(50 * 2 ** attempt, 2_000)))
    }
    throw new Error('the store refused it again and again, and holds nothing under the key')
  })
}

type Tried = PutInput & { hold: ReturnType<typeof holdOf> | undefined }

/** The new version's id; undefined when the store says that something stands there, or that somebody is at it. */
async function tryPut(
  { client, sdk, options, clocked }: Call,
  place: Place,
  { key, bytes, contentType, hold }: Tried,
): Promise<string | undefined> {
  const command = new sdk.PutObjectCommand({
    ...place,
    Key: key,
    // Tells of a put whose reply was lost. No lock: two at once both succeed on some stores, and a deleted key is free.
    IfNoneMatch: '*',
    ContentType: contentType,
    ...bodyOf(bytes),
    ...hold,
  })
  try {
    const { VersionId } = await client.send(clocked(command), options)
    return VersionId ?? 'null'
  } catch (error) {
    if (statusOf(error) === 412) return undefined
    if (statusOf(error) === 409 && nameOf(error) === 'ConditionalRequestConflict') return undefined
    throw error
  }
}

/** What counts is the oldest version, whatever the store answered; undefined when there is none. */
async function settle(
  call: Call,
  place: Place,
  { key, bytes }: PutInput,
  version: string | undefined,
): Promise<PutResult | undefined> {
  const found = await findVersions(call, place, key)
  if (found?.oldest === undefined) {
    if (version === undefined) return undefined
    throw new AuditError(
      'LELU_AUDIT_SINK_UNAVAILABLE',
      `The archive took ${key} and does not list it.`,
      {
        help: 'Check that nobody deletes from the bucket, and that its store lists what it holds.',
      },
    )
  }
  if (found.oldest === version) return 'stored'
  // The bytes themselves: a checksum that is stored is what somebody told the store.
  const held = await readVersion(call, place, key, found.oldest)
  if (held === undefined) return undefined
  return held.equals(bytes) ? 'same' : 'different'
}
