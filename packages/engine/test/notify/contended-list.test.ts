import { expect, it } from 'vitest'
import { newKeyRing } from '../../src/index.ts'
import { createNotifications } from '../../src/notify/notifications.ts'
import { undeliveredList } from '../../src/notify/undelivered.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { keyHolder } from '../../src/tokens/key-holder.ts'
import { importKeyRing } from '../../src/tokens/key-ring.ts'

const letter = {
  ...{ tenant: 'default', approval: 'apr_1', target: 'ops', tries: 1, why: 'HTTP 410' },
  notice: { id: 'ntf_1', kind: 'approval.requested' as const, at: 0 },
}

/** A list on which somebody else is always faster, from now on. */
async function contended() {
  const store = memoryStore()
  const keys = keyHolder(importKeyRing(newKeyRing(0)))
  const list = undeliveredList({ store, keys, deadlineMs: 1000, now: () => 0 })
  await list.put(letter)
  let swaps = 0
  store.swap = async () => {
    swaps += 1
    // What never ends must end the test all the same.
    if (swaps > 1000) throw new Error('it goes on for ever')
    return 'conflict'
  }
  return { list, swaps: () => swaps }
}

const conflict = { code: 'LELU_APPROVAL_CONFLICT', help: expect.stringContaining('Try again') }

it('laying a notice aside that others keep changing ends in an error', async () => {
  const { list, swaps } = await contended()
  await expect(list.put(letter)).rejects.toMatchObject(conflict)
  expect(swaps()).toBe(20)
})

it('discarding a notice that others keep changing ends in an error', async () => {
  const { list, swaps } = await contended()
  const records = {} as Parameters<typeof createNotifications>[0]['records']
  const notifications = createNotifications({ records, undelivered: list, now: () => 0 })
  const { undelivered } = await notifications.list()
  await expect(notifications.discard(undelivered[0]?.id ?? '')).rejects.toMatchObject(conflict)
  expect(swaps()).toBe(20)
})
