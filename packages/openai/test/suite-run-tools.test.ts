import { adapterSuite } from '@lelu/testing'
import { runTools } from './harness.ts'

adapterSuite(runTools, new URL('./harness.ts', import.meta.url).href)
