import { adapterSuite } from '@lelu/testing'
import { toolNode } from './harness.ts'

adapterSuite(toolNode, new URL('./harness.ts', import.meta.url).href)
