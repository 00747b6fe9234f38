import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { AuditSink } from '@lelu/audit'
import { type S3SinkOptions, s3Sink } from '@lelu/audit/s3'
import {
  type FakeRequest,
  type FakeS3,
  type FakeS3Options,
  s3ConfigOf,
  startFakeS3,
} from '@lelu/testing'
import { onTestFinished } from 'vitest'
import { anybody, compliance } from './stores.ts'

export type Fake = {
  fake: FakeS3
  sink: AuditSink
  /** The puts that came. */
  puts(): FakeRequest[]
}

export const isPut = ({ method, query }: FakeRequest): boolean =>
  method === 'PUT' && !query.has('retention') && !query.has('legal-hold')

/** A store in memory and a sink on it; both end with the test. `client`: a client of the caller's own. */
export async function fakeSink(
  store: FakeS3Options = {},
  { client, ...options }: Omit<Partial<S3SinkOptions>, 'client'> & { client?: S3ClientConfig } = {},
): Promise<Fake> {
  const fake = await startFakeS3(store)
  const config = s3ConfigOf({ ...anybody, endpoint: fake.endpoint })
  const sink = s3Sink({
    bucket: 'audit',
    lock: compliance,
    ...(client === undefined ? config : { client: new S3Client({ ...config, ...client }) }),
    ...options,
  })
  onTestFinished(async () => {
    await sink.close()
    await fake.stop()
  })
  return { fake, sink, puts: () => fake.requests.filter(isPut) }
}

export const putText = (sink: AuditSink, key: string, text: string): Promise<string> =>
  sink.put(key, Buffer.from(text), 'application/gzip')
