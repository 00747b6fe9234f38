import { link, open, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { openKeyRing, rotateKeys } from '../../src/tokens/key-files.ts'
import { temporaryFolder } from '../support.ts'

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  return { ...real, link: vi.fn(real.link), open: vi.fn(real.open), rename: vi.fn(real.rename) }
})

/** What was opened after the last call of `before`, in which a name was given: it is there to be synced. */
function openedAfter(before: typeof link | typeof rename): unknown[] {
  const given = vi.mocked(before).mock.invocationCallOrder.at(-1) ?? Number.POSITIVE_INFINITY
  const { calls, invocationCallOrder } = vi.mocked(open).mock
  return calls.filter((_, n) => (invocationCallOrder[n] ?? 0) > given).map(([path]) => path)
}

// Against a power cut: a database on another machine is sealed with these keys by then.
it.skipIf(process.platform === 'win32')(
  'the name of a key ring is on disk before its keys are used',
  async () => {
    const folder = join(temporaryFolder(), 'keys')
    await openKeyRing(folder, 1)
    expect(openedAfter(link)).toEqual([folder, dirname(folder)])
    await rotateKeys(folder)
    expect(openedAfter(rename)).toEqual([folder])
  },
)
