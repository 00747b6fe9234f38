// One of two processes that swap the same rows at the same moments. Arguments: client, URL, how wrong its clock is in ms.

import { fromKeyv, type StoredRow, type SwapWindow } from '@lelu/engine'
import { type Combination, openKeyv } from './clients.ts'

export type RaceOrder = { rev: number; rows: StoredRow[]; window?: SwapWindow }

const [combination, url, wrongMs] = process.argv.slice(2) as [Combination, string, string]
const { now } = Date
Date.now = () => now() + Number(wrongMs)

const store = fromKeyv(openKeyv(combination, url), { deadlineMs: 20_000 })
process.on('message', async ({ rev, rows, window }: RaceOrder) => {
  process.send?.(await Promise.all(rows.map((row) => store.swap(rev, row, window))))
})
await store.open()
process.send?.('ready')
