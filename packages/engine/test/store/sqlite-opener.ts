/** Opens one new file after another, each at the same moment as the other threads do, and tells how that went. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { sqliteApprovalStore } from '../../src/store/sqlite.ts'

const { gate, threads, rounds, folder } = workerData as {
  gate: Int32Array
  threads: number
  rounds: number
  folder: string
}

for (let round = 0; round < rounds; round += 1) {
  Atomics.add(gate, 0, 1)
  while (Atomics.load(gate, 0) < (round + 1) * threads) Atomics.wait(gate, 1, 0, 0.01)
  try {
    const store = sqliteApprovalStore({ path: join(folder, `at-once-${round}.db`) })
    const { journal_mode } = store.database.prepare('PRAGMA journal_mode').get() as {
      journal_mode: string
    }
    await store.close()
    parentPort?.postMessage(journal_mode)
  } catch (error) {
    parentPort?.postMessage((error as Error).message)
  }
}
