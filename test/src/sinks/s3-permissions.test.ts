import { randomUUID } from 'node:crypto'
import { PutBucketPolicyCommand, type S3Client } from '@aws-sdk/client-s3'
import type { AuditSink } from '@lelu/audit'
import { createLockedBucket, s3Client } from '@lelu/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowedBy } from '../readme/s3-template.ts'
import { putText } from './fake.ts'
import { isElsewhere, openS3, type RealS3, warnWithoutS3 } from './rgw.ts'
import { sinkAt } from './stores.ts'

const bucket = `lelu-${randomUUID()}`
const prefix = 'prod'

// Where the store is another one, users cannot be made.
describe.skipIf(warnWithoutS3() !== undefined || isElsewhere)(
  'the permissions of docs/s3.md',
  () => {
    let server: RealS3
    let owner: S3Client
    beforeAll(async () => {
      server = await openS3()
      owner = await s3Client(server)
      await createLockedBucket(server, bucket)
      await putText(sinkAt(server, bucket, prefix), 'v1/a', 'bytes')
    })
    afterAll(() => server?.stop())

    /** A sink of somebody who may do this in the bucket, and nothing else. */
    async function allow(Action: string[]): Promise<AuditSink> {
      const { arn, ...keys } = server.addUser?.() ?? expect.fail()
      const at = `arn:aws:s3:::${bucket}`
      const Resource = [at, `${at}/*`]
      const statement = { Effect: 'Allow', Principal: { AWS: [arn] }, Action, Resource }
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
      await owner.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }))
      return sinkAt({ ...server, ...keys }, bucket, prefix)
    }

    async function read(sink: AuditSink): Promise<void> {
      for await (const { key } of sink.list('v1/')) await sink.get(key)
      await sink.get('v1/a')
      expect(await sink.retention('v1/a')).toMatchObject({ mode: 'COMPLIANCE' })
    }

    async function write(sink: AuditSink): Promise<void> {
      await sink.check()
      await putText(sink, `v1/${randomUUID()}`, 'bytes')
      expect(await putText(sink, 'v1/a', 'bytes')).toBe('same')
    }

    it('are enough for who writes', async () => {
      const sink = await allow(allowedBy('Writer'))
      await write(sink)
      await read(sink)
    })

    it('are enough for who reads, and let nobody write with them', async () => {
      const sink = await allow(allowedBy('Reader'))
      await read(sink)
      await expect(putText(sink, 'v1/b', 'bytes')).rejects.toMatchObject({
        code: 'LELU_AUDIT_SINK_REFUSED',
        message: expect.stringContaining('AccessDenied'),
      })
    })

    it.each([
      's3:ListBucketVersions',
      's3:GetObjectVersion',
      's3:PutObject',
      's3:GetBucketVersioning',
    ])('say so when %s is missing', async (missing) => {
      const sink = await allow(allowedBy('Writer').filter((action) => action !== missing))
      const error = await write(sink).catch((caught) => caught)
      expect(error.code).toMatch(/^LELU_AUDIT_SINK_(?:REFUSED|UNSAFE)$/)
      expect(error.message).toContain('AccessDenied')
    })
  },
)
