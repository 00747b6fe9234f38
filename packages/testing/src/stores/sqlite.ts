import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqliteStore } from '@lelu/engine'
import { Keyv } from 'keyv'
import { noServer, type StoreHarness } from './harness.ts'

/** Our own SQLite file, shared by processes of one host. */
export const sqliteHarness: StoreHarness = {
  name: 'SQLite',
  capabilities: { processes: true, serverClock: false, network: false, hosts: false },
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'lelu-sqlite-'))
    return noServer(join(folder, 'approvals.db'), async () =>
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
    )
  },
  openKeyv: async (place) =>
    new Keyv({ store: sqliteStore({ path: String(place), busyTimeoutMs: 10_000 }) }),
}

/** The module that exports `sqliteHarness`, for a suite that opens it in processes of its own. */
export const sqliteModule: string = import.meta.url
