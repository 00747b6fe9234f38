import { AuditError } from '../errors.ts'
import type { AuditSink, Retention, SinkObject } from '../sink/sink.ts'
import { checkBucket } from './check.ts'
import { connectS3 } from './connection.ts'
import { statusOf } from './errors.ts'
import { assertS3Options, type S3Lock, type S3SinkOptions } from './options.ts'
import { putOnce } from './put.ts'
import { findVersions, listVersions, type Place, readVersion } from './versions.ts'

/** So many keys whose oldest version is known from a list, so that reading one is a single request. */
const rememberedKeys = 5_000

/**
 * An archive in a bucket with S3 Object Lock. Each object is put once, with a SHA-256 checksum and its own retention;
 * the oldest version of a key is what counts. Needs `@aws-sdk/client-s3`.
 */
export function s3Sink(options: S3SinkOptions): AuditSink {
  assertS3Options(options)
  const { bucket, prefix = '', lock, immutable = 'required', expectedBucketOwner } = options
  const name = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`
  const root = prefix === '' ? '' : `${prefix}/`
  const place: Place = {
    Bucket: bucket,
    ...(expectedBucketOwner !== undefined && { ExpectedBucketOwner: expectedBucketOwner }),
  }
  const connection = connectS3(name, options)
  const oldest = new Map<string, string>()

  /** Whoever only reads passes no lock; then nothing is to be written unheld by mistake. */
  function writable(): S3Lock | undefined {
    if (lock !== undefined || immutable === 'preferred') return lock
    throw new AuditError('LELU_AUDIT_OPTIONS_INVALID', `The archive ${name} is open for reading.`, {
      help: "Pass `lock` with its mode and days to write, or immutable: 'preferred' to write without.",
    })
  }

  async function* list(below: string, after?: string): AsyncGenerator<SinkObject> {
    const from = after === undefined ? undefined : root + after
    for await (const found of listVersions(connection, place, root + below, from)) {
      const key = found.object.key.slice(root.length)
      if (oldest.size >= rememberedKeys) oldest.clear()
      if (found.oldest !== undefined) oldest.set(key, found.oldest)
      yield { ...found.object, key }
    }
  }

  return {
    name,
    check: async () =>
      await checkBucket({ connection, place, root, name, lock: writable(), immutable }),
    put: async (key, bytes, contentType) =>
      await putOnce(connection, place, writable(), { key: root + key, bytes, contentType }),
    get: (key) =>
      connection.call(`reading ${key}`, async (call) => {
        const known = oldest.get(key)
        const held = known && (await readVersion(call, place, root + key, known))
        if (held) return held
        const found = await findVersions(call, place, root + key)
        if (found?.oldest === undefined) return undefined
        return await readVersion(call, place, root + key, found.oldest)
      }),
    list,
    retention: (key) =>
      connection.call(`asking how ${key} is held`, async (call): Promise<Retention | undefined> => {
        const version = oldest.get(key) ?? (await findVersions(call, place, root + key))?.oldest
        if (version === undefined) return undefined
        const { client, sdk, options, clocked } = call
        const input = { ...place, Key: root + key, VersionId: version }
        try {
          const head = await client.send(clocked(new sdk.HeadObjectCommand(input)), options)
          return {
            mode: head.ObjectLockMode ?? null,
            until: head.ObjectLockRetainUntilDate?.toISOString() ?? null,
            legalHold: head.ObjectLockLegalHoldStatus === 'ON',
          }
        } catch (error) {
          if (statusOf(error) === 404) return undefined
          throw error
        }
      }),
    close: async () => connection.close(),
  }
}
