import { adapterSuite } from '@lelu/testing'
import { chatCompletions } from './harness.ts'

adapterSuite(chatCompletions, new URL('./harness.ts', import.meta.url).href)
