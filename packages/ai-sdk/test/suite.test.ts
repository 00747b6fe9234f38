import { adapterSuite } from '@lelu/testing'
import { generateText, streamText, toolLoopAgent } from './harness.ts'

const module: string = new URL('./harness.ts', import.meta.url).href

for (const harness of [generateText, streamText, toolLoopAgent]) adapterSuite(harness, module)
