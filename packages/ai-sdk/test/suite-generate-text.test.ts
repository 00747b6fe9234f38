import { adapterSuite } from '@lelu/testing'
import { generateText } from './harness.ts'

adapterSuite(generateText, new URL('./harness.ts', import.meta.url).href)
