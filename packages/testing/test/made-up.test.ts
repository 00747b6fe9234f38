import { adapterSuite } from '../src/index.ts'
import { madeUp } from './made-up/harness.ts'

adapterSuite(madeUp, new URL('./made-up/harness.ts', import.meta.url).href)
