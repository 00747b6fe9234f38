import { hasPostgres, storeSuite } from '@lelu/testing'
import { test } from 'vitest'
import { postgresHarness, postgresModule } from './suite-postgres.ts'

if (hasPostgres()) storeSuite(postgresHarness, postgresModule)
else test.skip('approvals in PostgreSQL (skipped: it is not installed)', () => {})
