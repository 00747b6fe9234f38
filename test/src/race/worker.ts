// One of two processes that resume the same approvals at the same moments. Argument: directory.

import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLelu, isLeluError } from '@lelu/engine'
import { policies } from '../crash/scenario.ts'
import { testCache } from '../support/cache.ts'

const directory = process.argv[2] as string
const lelu = await createLelu({ directory, policies, cache: testCache })

process.on('message', async (id: string) => {
  const answer = await lelu
    .resume(id, () => {
      appendFileSync(join(directory, 'ledger.txt'), `${id}\n`)
      return 'bought'
    })
    .then(
      (outcome) =>
        outcome.status === 'executed' && outcome.replayed ? 'replayed' : outcome.status,
      (error: unknown) => (isLeluError(error) ? error.code : String(error)),
    )
  process.send?.({ id, answer })
})
process.send?.('ready')
