import { sqliteHarness, sqliteModule, storeSuite } from '@lelu/testing'

storeSuite(sqliteHarness, sqliteModule)
