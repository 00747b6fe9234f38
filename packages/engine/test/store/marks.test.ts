import { describe, expect, it, vi } from 'vitest'
import { markReader } from '../../src/store/marks.ts'
import { memoryStore } from '../../src/store/memory.ts'

async function reader(deadlineMs = 1000) {
  const store = memoryStore()
  await store.setWatermark('agent:a', 1)
  const asked = vi.spyOn(store, 'watermarks')
  return { store, asked, read: markReader(store, deadlineMs) }
}

describe('reading watermarks', () => {
  it('asks the store once for what is asked in one turn, and each thing once', async () => {
    const { asked, read } = await reader()
    const [first, second] = await Promise.all([read(['agent:a', 'all']), read(['all', 'stop:all'])])
    expect(asked.mock.calls).toEqual([[['agent:a', 'all', 'stop:all']]])
    expect(first).toEqual({ 'agent:a': 1 })
    expect(second).toEqual(first)
  })

  it('remembers nothing: what was set a moment ago holds for whoever asks now', async () => {
    const { store, read } = await reader()
    const before = read(['all'])
    await store.setWatermark('all', 7)
    const after = read(['all'])
    expect(await before).not.toBe(await after)
    expect(await after).toEqual({ all: 7 })
  })

  it('is an error for everybody who asked when the store does not answer', async () => {
    const { asked, read } = await reader(20)
    asked.mockReturnValue(new Promise(() => {}))
    const asking = [read(['all']), read(['agent:a'])]
    for (const one of await Promise.allSettled(asking))
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'LELU_STORE_UNAVAILABLE' } })
  })
})
