import { memoryHarness, memoryModule, storeSuite } from '@lelu/testing'

storeSuite(memoryHarness, memoryModule)
