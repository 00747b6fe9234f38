import { hasRedis, storeSuite } from '@lelu/testing'
import { test } from 'vitest'
import { redisHarness, redisModule } from './suite-redis.ts'

if (hasRedis()) storeSuite(redisHarness, redisModule)
else test.skip('approvals in Redis (skipped: it is not installed)', () => {})
