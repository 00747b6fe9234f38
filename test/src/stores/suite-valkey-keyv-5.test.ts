import { hasRedis, storeSuite } from '@lelu/testing'
import { test } from 'vitest'
import { keyv5Module, valkeyOn5 } from './suite-keyv-5.ts'

if (hasRedis()) storeSuite(valkeyOn5, keyv5Module)
else test.skip('approvals in Valkey on Keyv 5 (skipped: redis-server is not installed)', () => {})
