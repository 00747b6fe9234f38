import { adapterSuite } from '@lelu/testing'
import { agentV1 } from './harness.ts'

adapterSuite(agentV1, new URL('./harness.ts', import.meta.url).href)
