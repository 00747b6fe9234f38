import { storeSuite } from '@lelu/testing'
import { keyv5Module, sqliteOn5 } from './suite-keyv-5.ts'

storeSuite(sqliteOn5, keyv5Module)
