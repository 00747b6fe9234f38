import { Keyv } from 'keyv'
import { onTestFinished } from 'vitest'
import { fromKeyv, type LeluOptions } from '../../src/index.ts'
import { openStorage } from '../../src/storage.ts'
import { temporaryFolder, testClock, testEngine } from '../support.ts'

/** An engine that keeps notices, and beside it the records as another process with the same keys sees them. */
export async function keptRecords(options: Partial<LeluOptions> = {}) {
  const clock = testClock()
  const store = new Keyv()
  const shared = { directory: temporaryFolder(), store, now: clock.now, notices: true, ...options }
  const lelu = await testEngine(shared)
  const storage = await openStorage({ ...shared, audit: lelu.audit })
  onTestFinished(() => storage.close())
  const { records } = storage
  const outbox = async (id: string) => (await records.load(id)).outbox
  const { directory } = shared
  return { lelu, clock, records, outbox, driver: fromKeyv(store), directory, storage: shared }
}
