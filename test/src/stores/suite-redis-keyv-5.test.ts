import { hasRedis, storeSuite } from '@lelu/testing'
import { test } from 'vitest'
import { keyv5Module, redisOn5 } from './suite-keyv-5.ts'

if (hasRedis()) storeSuite(redisOn5, keyv5Module)
else test.skip('approvals in Redis on Keyv 5 (skipped: redis-server is not installed)', () => {})
