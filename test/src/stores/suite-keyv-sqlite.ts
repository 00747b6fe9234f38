import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyvSqlite } from '@keyv/sqlite-6'
import { noServer, type StoreHarness } from '@lelu/testing'
import { Keyv } from 'keyv'

/** `@keyv/sqlite` over a file, shared by processes of one host. */
export const keyvSqliteHarness: StoreHarness = {
  name: '@keyv/sqlite',
  capabilities: { processes: true, serverClock: false, network: false, hosts: false },
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'lelu-keyv-sqlite-'))
    return noServer(join(folder, 'approvals.db'), async () =>
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
    )
  },
  openKeyv: async (place) =>
    new Keyv({ store: new KeyvSqlite({ uri: `sqlite://${place}`, busyTimeout: 10_000 }) }),
}

export const keyvSqliteModule: string = import.meta.url
