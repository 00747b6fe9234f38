import { storeSuite } from '@lelu/testing'
import { keyvSqliteHarness, keyvSqliteModule } from './suite-keyv-sqlite.ts'

storeSuite(keyvSqliteHarness, keyvSqliteModule)
