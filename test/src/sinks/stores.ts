import { randomUUID } from 'node:crypto'
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { AuditSink } from '@lelu/audit'
import { type S3Lock, s3Sink } from '@lelu/audit/s3'
import {
  type S3Access,
  type SinkHarness,
  type SinkSettings,
  s3Client,
  s3ConfigOf,
} from '@lelu/testing'

export const compliance: S3Lock = { mode: 'COMPLIANCE', days: 1 }

/** For the fake, which asks nobody who they are. */
export const anybody = { region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'hidden-word' }

/** A part of a bucket of its own, for a test. */
export const newPrefix = (): string => `t-${randomUUID()}`

export function sinkAt(
  access: S3Access,
  bucket: string,
  prefix: string,
  settings: SinkSettings = {},
): AuditSink {
  const { port, deadlineMs, skewMs } = settings
  const endpoint = port === undefined ? access.endpoint : `http://127.0.0.1:${port}`
  const config = s3ConfigOf({ ...access, ...(endpoint && { endpoint }) })
  const options = { bucket, prefix, lock: compliance, ...(deadlineMs && { deadlineMs }) }
  if (skewMs === undefined) return s3Sink({ ...options, ...config })
  return s3Sink({ ...options, client: new S3Client({ ...config, systemClockOffset: skewMs }) })
}

/** Archives in one bucket, each below a prefix of its own. */
export function s3Harness(
  access: () => S3Access,
  bucket: () => string,
  port?: () => number,
): SinkHarness {
  return {
    async archive() {
      const prefix = newPrefix()
      const client = await s3Client(access())
      const at = (key: string) => ({ Bucket: bucket(), Key: `${prefix}/${key}` })
      return {
        sink: (settings) => sinkAt(access(), bucket(), prefix, settings),
        attacker: {
          async hide(key) {
            await client.send(new DeleteObjectCommand(at(key)))
          },
          async replace(key, bytes) {
            await client.send(new PutObjectCommand({ ...at(key), Body: bytes }))
          },
        },
      }
    },
    ...(port !== undefined && { port }),
  }
}
