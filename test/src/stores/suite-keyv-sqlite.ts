import { KeyvSqlite } from '@keyv/sqlite-6'
import { type StoreHarness, sqliteHarness } from '@lelu/testing'
import { Keyv } from 'keyv'

/** `@keyv/sqlite` over a file, shared by processes of one host. */
export const keyvSqliteHarness: StoreHarness = {
  ...sqliteHarness,
  name: '@keyv/sqlite',
  openKeyv: async (place) =>
    new Keyv({ store: new KeyvSqlite({ uri: `sqlite://${place}`, busyTimeout: 10_000 }) }),
}

export const keyvSqliteModule: string = import.meta.url
