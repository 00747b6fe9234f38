import { expect, it } from 'vitest'
import { listed, type SinkStage, stageOf, textOf } from '../case.ts'
import type { SinkHarness } from '../harness.ts'

type Attacker = NonNullable<SinkStage['attacker']>

/** What a store that keeps versions shows of an attempt to replace or to remove what it holds. */
export function versionCases(harness: SinkHarness): void {
  const { pageSize = 1_000 } = harness

  async function attacked(): Promise<SinkStage & { attacker: Attacker }> {
    const stage = await stageOf(harness)
    const { attacker } = stage
    if (attacker === undefined) throw new Error('This store keeps no versions.')
    return { ...stage, attacker }
  }

  it('still reads what somebody has hidden, and shows that it was hidden', async () => {
    const { sink: open, put, attacker } = await attacked()
    const sink = open()
    await put(sink, 'v1/a', 'first')
    await put(sink, 'v1/b', 'other')
    await attacker.hide('v1/a')
    expect(await textOf(open(), 'v1/a')).toBe('first')
    expect(await listed(sink, 'v1/')).toMatchObject([
      { key: 'v1/a', versions: 1, hidden: true, size: 5 },
      { key: 'v1/b', versions: 1, hidden: false },
    ])
  })

  it('reads the oldest version of what was replaced, and shows that it was', async () => {
    const { sink: open, put, attacker } = await attacked()
    await put(open(), 'v1/a', 'first')
    await attacker.replace('v1/a', Buffer.from('replaced'))
    await attacker.replace('v1/a', Buffer.from('once more'))
    expect(await textOf(open(), 'v1/a')).toBe('first')
    expect(await listed(open(), 'v1/')).toMatchObject([{ versions: 3, hidden: false, size: 5 }])
    expect(await put(open(), 'v1/a', 'first')).toBe('same')
    expect(await put(open(), 'v1/a', 'replaced')).toBe('different')
  })

  // `If-None-Match: *` looks at the newest version only, and a delete marker is none.
  it('does not take a key for free that somebody has hidden', async () => {
    const { sink: open, put, attacker } = await attacked()
    await put(open(), 'v1/a', 'first')
    await attacker.hide('v1/a')
    expect(await put(open(), 'v1/a', 'second')).toBe('different')
    expect(await textOf(open(), 'v1/a')).toBe('first')
    expect(await put(open(), 'v1/a', 'first')).toBe('same')
  })

  it('lists a key that has more versions than fit into one answer of a store as one object', {
    timeout: 300_000,
  }, async () => {
    const { sink: open, put, attacker } = await attacked()
    await put(open(), 'v1/a', 'first')
    await put(open(), 'v1/b', 'b')
    const batches = Math.ceil(pageSize / 16) + 1
    for (let batch = 0; batch < batches; batch += 1) {
      const more = Array.from({ length: 16 }, () => attacker.replace('v1/a', Buffer.from('other')))
      await Promise.all(more)
    }
    expect(await listed(open(), 'v1/')).toMatchObject([
      { key: 'v1/a', versions: batches * 16 + 1, size: 5 },
      { key: 'v1/b', versions: 1 },
    ])
    expect(await textOf(open(), 'v1/a')).toBe('first')
  })
}
