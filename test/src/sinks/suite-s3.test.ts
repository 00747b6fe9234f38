import { randomUUID } from 'node:crypto'
import { createLockedBucket, sinkSuite } from '@lelu/testing'
import { afterAll, beforeAll, describe } from 'vitest'
import { isElsewhere, openS3, type RealS3, warnWithoutS3 } from './rgw.ts'
import { s3Harness } from './stores.ts'

const bucket = `lelu-${randomUUID()}`

describe.skipIf(warnWithoutS3() !== undefined)('a real S3', () => {
  let server: RealS3
  beforeAll(async () => {
    server = await openS3()
    await createLockedBucket(server, bucket)
  })
  afterAll(() => server?.stop())

  // No proxy of plain TCP can stand before a store that is reached by TLS.
  const port = isElsewhere ? undefined : () => server.port
  sinkSuite(
    'A locked bucket',
    s3Harness(
      () => server,
      () => bucket,
      port,
    ),
    { versions: true },
  )
})
