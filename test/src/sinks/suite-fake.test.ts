import { type FakeS3, sinkSuite, startFakeS3 } from '@lelu/testing'
import { afterAll, beforeAll } from 'vitest'
import { anybody, s3Harness } from './stores.ts'

let fake: FakeS3
beforeAll(async () => {
  fake = await startFakeS3({ pageSize: 20 })
})
afterAll(() => fake.stop())

const harness = s3Harness(
  () => ({ ...anybody, endpoint: fake.endpoint }),
  () => 'audit',
  () => fake.port,
)
sinkSuite('A bucket in memory', { ...harness, pageSize: 20 }, { versions: true })
