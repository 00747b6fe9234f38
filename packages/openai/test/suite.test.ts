import { adapterSuite } from '@lelu/testing'
import { chatCompletions, responses, runTools } from './harness.ts'

const module: string = new URL('./harness.ts', import.meta.url).href

for (const harness of [chatCompletions, responses, runTools]) adapterSuite(harness, module)
