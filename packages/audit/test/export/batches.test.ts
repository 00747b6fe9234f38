import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { batchesOf } from '../../src/export/batches.ts'
import type { CursorPlace } from '../../src/export/cursor.ts'
import { decision, segmentsOf } from '../support.ts'
import { logOfTwenty, openLog } from './forwarding.ts'

it('looks no more at streams that have ended once they are acknowledged, and goes on with the others', async () => {
  const { directory } = await logOfTwenty()
  const ended = segmentsOf(directory)
  const batches = batchesOf(directory, { records: 15, bytes: 1 << 20 }, async () => undefined)
  const acknowledged = new Map<string, CursorPlace>()
  const next = async () => {
    const { places, records } = await batches.next(acknowledged)
    return { places, ids: records.map(({ record }) => record.id) }
  }
  // Not acknowledged: all of it comes again.
  for (let times = 0; times < 3; times += 1) expect((await next()).ids).toHaveLength(15)
  for (let left = 24; left >= 0; ) {
    const { places, ids } = await next()
    for (const [stream, place] of places) acknowledged.set(stream, place)
    left = ids.length === 0 ? -1 : left - ids.length
  }
  for (const segment of ended) {
    rmSync(join(directory, segment))
    mkdirSync(join(directory, segment))
  }
  const log = await openLog(directory)
  for (const id of ['c', 'd']) {
    await log.append(decision(id))
    const { places, ids } = await next()
    expect(ids.at(-1)).toBe(id)
    for (const [stream, place] of places) acknowledged.set(stream, place)
  }
})
