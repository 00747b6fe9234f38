import { adapterSuite } from '@lelu/testing'
import { responses } from './harness.ts'

adapterSuite(responses, new URL('./harness.ts', import.meta.url).href)
