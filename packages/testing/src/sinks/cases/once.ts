import { expect, it } from 'vitest'
import { listed, stageOf, textOf } from '../case.ts'
import type { SinkHarness } from '../harness.ts'

/** What every sink does. */
export function onceCases(harness: SinkHarness): void {
  const { pageSize = 1_000 } = harness

  it('stores an object once: the same bytes again are the same, others change nothing', async () => {
    const { sink: open, put } = await stageOf(harness)
    const sink = open()
    expect(await put(sink, 'v1/a', 'first')).toBe('stored')
    expect(await put(sink, 'v1/a', 'first')).toBe('same')
    expect(await put(sink, 'v1/a', 'second')).toBe('different')
    expect(await textOf(sink, 'v1/a')).toBe('first')
  })

  it('keeps every byte, and an object without any', async () => {
    const sink = (await stageOf(harness)).sink()
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7) & 255))
    await sink.put('v1/bytes', bytes, 'application/gzip')
    await sink.put('v1/none', Buffer.alloc(0), 'application/gzip')
    expect((await sink.get('v1/bytes'))?.equals(bytes)).toBe(true)
    expect(await sink.get('v1/none')).toEqual(Buffer.alloc(0))
    expect(await listed(sink, 'v1/')).toMatchObject([{ size: 300_000 }, { size: 0 }])
  })

  it('has nothing under a key that was never put, not even where others begin so', async () => {
    const { sink: open, put } = await stageOf(harness)
    const sink = open()
    await put(sink, 'v1/abc', 'x')
    expect(await sink.get('v1/ab')).toBeUndefined()
    expect(await sink.retention('v1/ab')).toBeUndefined()
    expect(await listed(sink, 'v1/b')).toEqual([])
  })

  it('shows to one writer at once what another has put', async () => {
    const { sink: open, put } = await stageOf(harness)
    const [one, other] = [open(), open()]
    await put(one, 'v1/a', 'x')
    expect(await textOf(other, 'v1/a')).toBe('x')
    expect(await put(other, 'v1/a', 'x')).toBe('same')
    expect(await put(other, 'v1/a', 'y')).toBe('different')
  })

  // microsoft/agent-governance-toolkit and others fork their chains here; Ceph's gateway lets both writers win.
  it('gives a key to exactly one of two writers who put it at the same time', async () => {
    const { sink: open, put } = await stageOf(harness)
    const writers = [open(), open()]
    for (let round = 0; round < 10; round += 1) {
      const key = `v1/${round}`
      const texts = ['left', 'right']
      const answers = await Promise.all(
        writers.map((writer, at) => put(writer, key, texts[at] as string)),
      )
      expect([...answers].sort()).toEqual(['different', 'stored'])
      const winner = texts[answers.indexOf('stored')]
      for (const writer of writers) expect(await textOf(writer, key)).toBe(winner)
    }
  })

  it('says nothing else than stored or the same to writers with the same bytes', async () => {
    const { sink: open, put } = await stageOf(harness)
    const writers = Array.from({ length: 4 }, () => open())
    const answers = await Promise.all(writers.map((writer) => put(writer, 'v1/a', 'x')))
    expect(answers.filter((answer) => answer === 'stored')).toHaveLength(1)
    expect(answers.filter((answer) => answer === 'same')).toHaveLength(3)
  })

  it('lists what begins with a prefix, in the order of the keys', async () => {
    const { sink: open, put } = await stageOf(harness)
    const sink = open()
    const keys = ['v1/B/1', 'v1/a-b/1', 'v1/a/0000000000000009', 'v1/a/0000000000000010', 'v1/a_b']
    for (const key of [...keys].reverse()) await put(sink, key, key)
    const found = await listed(sink, 'v1/')
    expect(found.map(({ key }) => key)).toEqual(keys)
    for (const { versions, hidden, size, key, modified } of found) {
      expect({ versions, hidden, size }).toEqual({ versions: 1, hidden: false, size: key.length })
      expect(Math.abs(Date.parse(modified ?? '') - Date.now())).toBeLessThan(120_000)
    }
    const below = await listed(sink, 'v1/a/')
    expect(below.map(({ key }) => key)).toEqual(keys.slice(2, 4))
    expect(await listed(sink, 'v1/a/00000000000000')).toHaveLength(2)
  })

  it('lists more than fits into one answer of a store', { timeout: 300_000 }, async () => {
    const { sink: open, put } = await stageOf(harness)
    const sink = open()
    const keys = Array.from(
      { length: pageSize + 5 },
      (_, at) => `v1/${String(at).padStart(16, '0')}`,
    )
    const left = [...keys]
    const work = async () => {
      for (let key = left.pop(); key !== undefined; key = left.pop()) await put(sink, key, key)
    }
    await Promise.all(Array.from({ length: 16 }, work))
    const found = await listed(sink, 'v1/')
    expect(found.map(({ key }) => key)).toEqual(keys)
    expect(await textOf(sink, keys[pageSize + 1] as string)).toBe(keys[pageSize + 1])
  })
}
