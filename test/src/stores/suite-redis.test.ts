import { hasRedis, storeSuite } from '@lelu/testing'
import { test } from 'vitest'
import { redisHarness, redisModule, valkeyHarness } from './suite-redis.ts'

if (!hasRedis()) test.skip('approvals in Redis (skipped: it is not installed)', () => {})
else {
  storeSuite(redisHarness, redisModule)
  // The same server and the same scripts, through another client.
  if (process.env.LELU_RELIABILITY === 'full') storeSuite(valkeyHarness, redisModule)
  else test.skip('approvals in Valkey (skipped: only with LELU_RELIABILITY=full)', () => {})
}
