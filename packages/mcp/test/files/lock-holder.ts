import { withLock } from '../../src/files/with-lock.ts'

// Takes the lock of a file and keeps it, for a test that kills it.
const [target = ''] = process.argv.slice(2)
await withLock(target, async () => {
  console.log('held')
  await new Promise((done) => setTimeout(done, 600_000))
})
