import { adapterSuite } from '@lelu/testing'
import { agentsSdk, agentsSdkStreamed } from './harness.ts'

const module: string = new URL('./harness.ts', import.meta.url).href

for (const harness of [agentsSdk, agentsSdkStreamed]) adapterSuite(harness, module)
