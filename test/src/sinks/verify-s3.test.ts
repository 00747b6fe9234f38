import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { openAuditLog } from '@lelu/audit'
import { createLockedBucket, s3Client } from '@lelu/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../support/processes.ts'
import { openS3, type RealS3, warnWithoutS3 } from './rgw.ts'
import { newPrefix, sinkAt } from './stores.ts'

const bin = fileURLToPath(new URL('../../../packages/cli/src/bin.ts', import.meta.url))
const bucket = `lelu-verify-${randomUUID()}`

describe.skipIf(warnWithoutS3() !== undefined)('lelu audit verify s3://', () => {
  let server: RealS3
  let owner: S3Client
  beforeAll(async () => {
    server = await openS3()
    owner = await s3Client(server)
    await createLockedBucket(server, bucket)
  })
  afterAll(() => server?.stop())

  function verify(place: string, words: string[]): Promise<{ code: number; report: unknown }> {
    const { endpoint, accessKeyId, secretAccessKey, region } = server
    const env = {
      ...process.env,
      ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      AWS_REGION: region,
    }
    const argv = ['--conditions=lelu:source', bin, 'audit', 'verify', place, '--json']
    argv.push('--endpoint', endpoint, ...words)
    return new Promise((resolve) => {
      execFile(process.execPath, argv, { env }, (error, stdout) => {
        resolve({ code: Number(error?.code ?? 0), report: JSON.parse(stdout || 'null') })
      })
    })
  }

  /** A log of a few records that is whole in the bucket, with a policy that trusts its key. */
  async function archived() {
    const home = temporaryFolder()
    const directory = join(home, 'audit')
    const prefix = newPrefix()
    const sink = sinkAt(server, bucket, prefix)
    onTestFinished(() => sink.close())
    const log = await openAuditLog({ directory, sink })
    for (const id of ['a', 'b', 'c']) {
      const policy = { revision: 'r1' }
      await log.append({ kind: 'decision', id, decision: 'deny', reasons: [], policy })
    }
    await log.close()
    const [key = ''] = readdirSync(join(directory, 'keys'))
    const vkey = readFileSync(join(directory, 'keys', key), 'utf8').split('\n')[0]
    const file = join(home, 'policy.txt')
    writeFileSync(file, `witness operator ${vkey}\nquorum operator\n`)
    const base = `${prefix}/v1/lelu/s/${log.stream}`
    return { place: `s3://${bucket}/${prefix}`, policy: ['--policy', file], base }
  }

  it('proves what a locked bucket holds, and for how long', async () => {
    const { place, policy } = await archived()
    const day = await verify(place, [...policy, '--require-immutable', 'COMPLIANCE:1'])
    expect(day).toMatchObject({ code: 0, report: { ok: true, records: 5 } })
    const year = await verify(place, [...policy, '--require-immutable', 'COMPLIANCE:365'])
    expect(year.code).toBe(18)
  })

  it('finds what was deleted, and what was put over it, in a bucket that keeps versions', async () => {
    const hidden = await archived()
    const segment = `${hidden.base}/seg/0000000000000000.jsonl.gz`
    await owner.send(new DeleteObjectCommand({ Bucket: bucket, Key: segment }))
    expect(await verify(hidden.place, hidden.policy)).toMatchObject({
      code: 10,
      report: { records: 5, problems: [{ code: 'hidden' }] },
    })
    const over = await archived()
    const checkpoint = `${over.base}/cp/0000000000000005`
    await owner.send(new PutObjectCommand({ Bucket: bucket, Key: checkpoint, Body: 'forged' }))
    expect(await verify(over.place, over.policy)).toMatchObject({
      code: 10,
      report: { records: 5, problems: [{ code: 'rewritten' }] },
    })
  })
})
