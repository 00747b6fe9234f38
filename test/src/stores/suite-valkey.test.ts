import { hasRedis, storeSuite } from '@lelu/testing'
import { test } from 'vitest'
import { redisModule, valkeyHarness } from './suite-redis.ts'

if (hasRedis()) storeSuite(valkeyHarness, redisModule)
else test.skip('approvals in Valkey (skipped: redis-server is not installed)', () => {})
