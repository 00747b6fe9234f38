// Fetches the S3 server of the tests into this user's cache, once: without it those tests say that they are skipped.
import { installS3 } from '@lelu/testing'

console.log(await installS3())
