import { expect, it, vi } from 'vitest'
import { keyHolder } from '../../src/tokens/key-holder.ts'
import type { KeyRing } from '../../src/tokens/key-ring.ts'

const ringOf = (...kids: string[]) =>
  ({ signing: kids.map((kid) => ({ kid })), seal: [{ kid: 's' }] }) as unknown as KeyRing

it('a signing key that was taken out of the ring is refused within half a minute', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const reload = vi.fn(async () => ringOf('new'))
    const keys = keyHolder(ringOf('new', 'stolen'), reload)
    expect(await keys.findSigning('stolen')).toEqual({ kid: 'stolen' })
    vi.advanceTimersByTime(29_000)
    await keys.findSigning('stolen')
    expect(reload).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1001)
    expect(await keys.findSigning('stolen')).toBeUndefined()
    expect(await keys.findSigning('new')).toEqual({ kid: 'new' })
    expect(reload).toHaveBeenCalledTimes(1)
  } finally {
    vi.useRealTimers()
  }
})

it('so is a key that seals, and a new one is used from then on', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const ring = (...kids: string[]) =>
      ({ signing: [{ kid: 'k' }], seal: kids.map((kid) => ({ kid })) }) as unknown as KeyRing
    const keys = keyHolder(ring('stolen'), async () => ring('new'))
    expect(await keys.sealKeysFor('stolen')).toEqual([{ kid: 'stolen' }])
    vi.advanceTimersByTime(31_000)
    expect(await keys.sealKeysFor('stolen')).toEqual([{ kid: 'new' }])
    expect(keys.sealKey()).toEqual({ kid: 'new' })
  } finally {
    vi.useRealTimers()
  }
})

it('a ring that cannot be read any more ends in an error, and not in the keys of before', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const keys = keyHolder(ringOf('k'), async () => {
      throw new Error('gone')
    })
    vi.advanceTimersByTime(31_000)
    await expect(keys.findSigning('k')).rejects.toThrow('gone')
    await expect(keys.findSigning('k')).rejects.toThrow('gone')
    await expect(keys.sealKeysFor('s')).rejects.toThrow('gone')
  } finally {
    vi.useRealTimers()
  }
})
