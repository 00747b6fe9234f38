import { hasPostgres, storeSuite } from '@lelu/testing'
import { test } from 'vitest'
import { keyv5Module, postgresOn5 } from './suite-keyv-5.ts'

if (hasPostgres()) storeSuite(postgresOn5, keyv5Module)
else test.skip('approvals in PostgreSQL on Keyv 5 (skipped: it is not installed)', () => {})
