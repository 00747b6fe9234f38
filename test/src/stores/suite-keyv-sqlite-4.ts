import { KeyvSqlite } from '@keyv/sqlite'
import { type StoreHarness, sqliteHarness } from '@lelu/testing'
import { Keyv as Keyv5 } from 'keyv-5'

/** `@keyv/sqlite` 4 on the Keyv that it was made for. Importing this needs its native part. */
export const keyvSqlite4: StoreHarness = {
  ...sqliteHarness,
  name: '@keyv/sqlite 4 on Keyv 5',
  openKeyv: async (place) =>
    new Keyv5({ store: new KeyvSqlite({ uri: `sqlite://${place}`, busyTimeout: 10_000 }) }),
}

export const keyvSqlite4Module: string = import.meta.url
