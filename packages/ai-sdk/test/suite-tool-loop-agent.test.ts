import { adapterSuite } from '@lelu/testing'
import { toolLoopAgent } from './harness.ts'

adapterSuite(toolLoopAgent, new URL('./harness.ts', import.meta.url).href)
