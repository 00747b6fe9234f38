import type { S3Client } from '@aws-sdk/client-s3'

/** How a store is reached. `endpoint` left out: AWS. */
export type S3Access = {
  endpoint?: string
  region: string
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** The part of an S3 client's options, or of a sink's, that reaches the store. */
export type S3Config = {
  endpoint?: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
  forcePathStyle: boolean
}

/** The configuration of an S3 client for this store. At an address of its own, buckets are parts of the path. */
export function s3ConfigOf(access: S3Access): S3Config {
  const { endpoint, region, accessKeyId, secretAccessKey, sessionToken } = access
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
  const forcePathStyle = endpoint !== undefined
  return { ...(endpoint && { endpoint }), region, credentials, forcePathStyle }
}

/** A client of the store's own, for what only its owner and an attacker do. */
export async function s3Client(access: S3Access): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3')
  return new S3Client(s3ConfigOf(access))
}

/** A bucket with versioning and Object Lock, and without a default retention. */
export async function createLockedBucket(access: S3Access, bucket: string): Promise<void> {
  const { CreateBucketCommand } = await import('@aws-sdk/client-s3')
  const client = await s3Client(access)
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }))
  } finally {
    client.destroy()
  }
}
