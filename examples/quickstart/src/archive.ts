import { createLockedBucket, hasS3, installS3, noS3, startS3 } from '@lelu/testing'
import { StoryError, say } from './story.ts'

/** A bucket with Object Lock on this machine, for as long as the story plays. `url` is what LELU_ARCHIVE holds. */
export type Archive = {
  url: string
  bucket: string
  endpoint: string
  /** What every process of the story needs to reach it. */
  env: Record<string, string>
  stop(): Promise<void>
}

const bucket = 'lelu-quickstart'

/** Starts a real S3 on loopback (Ceph's gateway) and makes a locked bucket in it. The first time it is fetched: 120 MB. */
export async function startArchive(): Promise<Archive> {
  const missing = noS3()
  if (missing !== undefined) throw new StoryError(`No S3 server can be had here: ${missing}.`)
  if (!hasS3()) {
    say('Fetching an S3 server (Ceph, 120 MB, once) …')
    await installS3()
  }
  const server = await startS3()
  await createLockedBucket(server, bucket)
  const { endpoint, region, accessKeyId, secretAccessKey } = server
  const url = `s3://${bucket}/quickstart?mode=COMPLIANCE&days=1&endpoint=${endpoint}`
  const env = {
    LELU_ARCHIVE: url,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  }
  return { url, bucket, endpoint, env, stop: server.stop }
}
