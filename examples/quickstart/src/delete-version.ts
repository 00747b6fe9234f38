import { DeleteObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3'

// delete-version.ts ENDPOINT BUCKET: what a thief with the bucket owner's own keys would do to the newest segment.

const [endpoint = '', bucket = ''] = process.argv.slice(2)
const s3 = new S3Client({ endpoint, forcePathStyle: true, maxAttempts: 1 })
const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))
const segment = Versions.findLast(({ Key }) => Key?.endsWith('.jsonl.gz'))
try {
  await s3.send(
    new DeleteObjectCommand({
      Bucket: bucket,
      Key: segment?.Key ?? '',
      VersionId: segment?.VersionId ?? '',
      BypassGovernanceRetention: true,
    }),
  )
  console.log(`deleted ${segment?.Key}`)
} catch (error) {
  const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } }
  console.log(`DELETE ${segment?.Key}: ${$metadata?.httpStatusCode} ${name}`)
}
