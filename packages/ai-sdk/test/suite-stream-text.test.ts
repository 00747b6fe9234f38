import { adapterSuite } from '@lelu/testing'
import { streamText } from './harness.ts'

adapterSuite(streamText, new URL('./harness.ts', import.meta.url).href)
