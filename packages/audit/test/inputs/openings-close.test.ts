import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { commitInput, type Openings } from '../../src/index.ts'
import { folderOpenings } from '../../src/inputs/folder-openings.ts'
import { openingsOver } from '../../src/inputs/openings.ts'
import { queueLimits } from '../../src/inputs/openings-queue.ts'
import { temporaryFolder } from '../support.ts'

/** As many decisions, each about somebody else. */
function decided(openings: Openings, count: number): void {
  for (let n = 0; n < count; n += 1) {
    openings.keep(openings.hashOf({ id: `user-${n}` }), `decision-${n}`, commitInput(n).openings)
  }
}

function warnings() {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  return warn
}

// Of a thousand users that came just before the end of a process, most were lost to a disk that wrote all the time.
test('a close goes on while the disk takes one subject after the other', async () => {
  const warn = warnings()
  let taken = 0
  const slow = {
    ...folderOpenings(temporaryFolder()),
    addKey: async () => {},
    append: async () => {
      await pause(100)
      taken += 1
    },
  }
  const openings = await openingsOver(slow, {}, { ...queueLimits, closeMs: 800 })
  decided(openings, 48) // four at a time: 1.2 s
  await openings.close()
  expect(taken).toBe(48)
  expect(openings.lost).toBe(0)
  expect(warn).not.toHaveBeenCalled()
})

test('a close gives a disk up that takes nothing, says so, and counts all that it has not taken', async () => {
  const warn = warnings()
  const hanging = {
    ...folderOpenings(temporaryFolder()),
    append: () => new Promise<void>(() => {}),
  }
  const openings = await openingsOver(hanging, {}, { ...queueLimits, closeMs: 50 })
  decided(openings, 7)
  await openings.close()
  expect(openings.lost).toBe(7)
  expect(String(warn.mock.calls[0]?.[0])).toContain('the disk did not take them in time')
})
