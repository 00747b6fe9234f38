import { randomUUID } from 'node:crypto'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { AuditSink } from '@lelu/audit'
import { type S3Lock, s3Sink } from '@lelu/audit/s3'
import { createLockedBucket, s3Client, s3ConfigOf } from '@lelu/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { putText } from './fake.ts'
import { openS3, type RealS3, warnWithoutS3 } from './rgw.ts'
import { compliance, newPrefix } from './stores.ts'

const [locked, plain] = [`lelu-locked-${randomUUID()}`, `lelu-plain-${randomUUID()}`]

describe.skipIf(warnWithoutS3() !== undefined)('Object Lock on a real S3', () => {
  let server: RealS3
  let owner: S3Client
  beforeAll(async () => {
    server = await openS3()
    owner = await s3Client(server)
    await createLockedBucket(server, locked)
    await owner.send(new CreateBucketCommand({ Bucket: plain }))
  })
  afterAll(() => server?.stop())

  function sinkWith(lock: S3Lock, bucket = locked): AuditSink & { prefix: string } {
    const prefix = newPrefix()
    const sink = s3Sink({ bucket, prefix, lock, ...s3ConfigOf(server) })
    onTestFinished(() => sink.close())
    return { ...sink, prefix }
  }

  /** What the owner of the bucket, with every permission, gets for changing a locked object. */
  async function attempts(lock: S3Lock, bypass = false): Promise<string[]> {
    const { prefix, ...sink } = sinkWith(lock)
    await putText(sink, 'v1/a', 'bytes')
    const version = { Bucket: locked, Key: `${prefix}/v1/a`, VersionId: await versionOf(prefix) }
    const Retention = { Mode: lock.mode, RetainUntilDate: new Date(Date.now() + 60_000) }
    const changes = [
      new PutObjectRetentionCommand({ ...version, Retention, BypassGovernanceRetention: bypass }),
      new DeleteObjectCommand({ ...version, BypassGovernanceRetention: bypass }),
    ]
    const answers: string[] = []
    for (const change of changes) {
      const answer = await owner.send(change as DeleteObjectCommand).then(
        () => 'done',
        (error) => error.name,
      )
      answers.push(answer)
    }
    return [...answers, (await sink.get('v1/a')) === undefined ? 'gone' : 'there']
  }

  async function versionOf(prefix: string): Promise<string> {
    const { ListObjectVersionsCommand } = await import('@aws-sdk/client-s3')
    const input = { Bucket: locked, Prefix: `${prefix}/v1/a` }
    const { Versions } = await owner.send(new ListObjectVersionsCommand(input))
    return Versions?.[0]?.VersionId ?? expect.fail('there is no version')
  }

  it.each<S3Lock>([
    compliance,
    { mode: 'GOVERNANCE', days: 1 },
    { ...compliance, legalHold: true },
  ])('is seen to be kept: %j', async (lock) => {
    const check = await sinkWith(lock).check()
    expect(check.findings.filter(({ ok }) => !ok)).toEqual([])
    expect(check).toMatchObject({ immutable: true, mode: lock.mode })
  })

  it('is missed in a bucket that was made without it', async () => {
    await expect(sinkWith(compliance, plain).check()).rejects.toMatchObject({
      code: 'LELU_AUDIT_SINK_UNSAFE',
      message: expect.stringContaining('Object Lock is on: 404'),
    })
  })

  it('keeps COMPLIANCE against the owner of the bucket, with every bypass', async () => {
    const refused = ['AccessDenied', 'AccessDenied', 'there']
    expect(await attempts(compliance)).toEqual(refused)
    expect(await attempts(compliance, true)).toEqual(refused)
  })

  it('keeps GOVERNANCE against all who do not bypass it', async () => {
    const lock: S3Lock = { mode: 'GOVERNANCE', days: 1 }
    expect(await attempts(lock)).toEqual(['AccessDenied', 'AccessDenied', 'there'])
    expect(await attempts(lock, true)).toEqual(['done', 'done', 'gone'])
  })

  it('keeps what is under a legal hold until it is lifted, whatever is bypassed', async () => {
    const lock: S3Lock = { mode: 'GOVERNANCE', days: 1, legalHold: true }
    expect((await attempts(lock, true)).slice(1)).toEqual(['AccessDenied', 'there'])
    const { prefix, ...sink } = sinkWith(lock)
    await putText(sink, 'v1/a', 'bytes')
    expect(await sink.retention('v1/a')).toMatchObject({ mode: 'GOVERNANCE', legalHold: true })
    const version = { Bucket: locked, Key: `${prefix}/v1/a`, VersionId: await versionOf(prefix) }
    await owner.send(new PutObjectLegalHoldCommand({ ...version, LegalHold: { Status: 'OFF' } }))
    await owner.send(new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true }))
    expect(await sink.get('v1/a')).toBeUndefined()
  })

  it('is told with its mode and date, for the days that were asked', async () => {
    const sink = sinkWith({ mode: 'COMPLIANCE', days: 7 })
    await putText(sink, 'v1/a', 'bytes')
    const held = await sink.retention('v1/a')
    expect(held).toMatchObject({ mode: 'COMPLIANCE', legalHold: false })
    const days = (Date.parse(held?.until ?? '') - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(7)
    expect(days).toBeLessThan(7.01)
  })

  it('refuses credentials that it does not know, and a bucket that is not there', async () => {
    const config = s3ConfigOf({ ...server, secretAccessKey: 'another' })
    const stranger = s3Sink({ bucket: locked, lock: compliance, ...config })
    await expect(stranger.check()).rejects.toMatchObject({
      code: 'LELU_AUDIT_SINK_REFUSED',
      message: expect.stringContaining('SignatureDoesNotMatch'),
    })
    await expect(sinkWith(compliance, 'lelu-not-there').check()).rejects.toMatchObject({
      code: 'LELU_AUDIT_SINK_REFUSED',
      message: expect.stringContaining('NoSuchBucket'),
    })
  })
})
