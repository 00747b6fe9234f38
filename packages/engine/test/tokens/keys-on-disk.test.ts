import { dirname, join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { openKeyRing, rotateKeys } from '../../src/tokens/key-files.ts'
import { temporaryFolder } from '../support.ts'

const { steps } = vi.hoisted(() => ({ steps: [] as string[] }))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const told =
    (step: 'link' | 'rename') =>
    async (from: string, to: string): Promise<void> => {
      await real[step](from, to)
      steps.push(step)
    }
  const open: typeof real.open = async (path, ...rest) => {
    const handle = await real.open(path, ...rest)
    const sync = handle.sync.bind(handle)
    handle.sync = async () => {
      await sync()
      steps.push(String(path).includes('keyring.json') ? 'the keys' : String(path))
    }
    return handle
  }
  return { ...real, open, link: told('link'), rename: told('rename') }
})

// Against a power cut: a database on another machine is sealed with these keys by then.
it.skipIf(process.platform === 'win32')(
  'the keys and the name of their ring are on disk before they are used',
  async () => {
    const folder = join(temporaryFolder(), 'keys')
    await openKeyRing(folder, 1)
    expect(steps).toEqual(['the keys', 'link', folder, dirname(folder)])
    steps.length = 0
    await rotateKeys(folder)
    // The first is the lock of the rotation.
    expect(steps).toEqual(['link', 'the keys', 'rename', folder])
  },
)
