import { adapterSuite } from '@lelu/testing'
import { agentsSdkStreamed } from './harness.ts'

adapterSuite(agentsSdkStreamed, new URL('./harness.ts', import.meta.url).href)
