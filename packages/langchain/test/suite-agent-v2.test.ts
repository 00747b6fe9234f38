import { adapterSuite } from '@lelu/testing'
import { agentV2 } from './harness.ts'

adapterSuite(agentV2, new URL('./harness.ts', import.meta.url).href)
