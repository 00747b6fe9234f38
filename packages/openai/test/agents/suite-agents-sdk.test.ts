import { adapterSuite } from '@lelu/testing'
import { agentsSdk } from './harness.ts'

adapterSuite(agentsSdk, new URL('./harness.ts', import.meta.url).href)
