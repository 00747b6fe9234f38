import { adapterSuite } from '@lelu/testing'
import { agentV1, agentV2, toolNode } from './harness.ts'

const module = new URL('./harness.ts', import.meta.url).href
for (const harness of [agentV2, agentV1, toolNode]) adapterSuite(harness, module)
