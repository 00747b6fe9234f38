import { KeyvPostgres } from '@keyv/postgres'
import { createLelu } from '@lelu/engine'
import { Keyv } from 'keyv'

export async function openLelu(uri: string) {
  const store = new Keyv({ store: new KeyvPostgres({ uri }) })
  store.on('error', (error) => console.error(error))
  return createLelu({ policies: './policies', store })
}
