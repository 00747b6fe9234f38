import { createHash, hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { countPopulation, csvText } from '../../src/evidence/population.ts'
import { createSample } from '../../src/evidence/sample.ts'
import { proofsIn } from '../../src/evidence/tree-levels.ts'
import type { AuditRecord } from '../../src/index.ts'
import { createLeaves } from '../../src/tlog/leaves.ts'
import { inclusionProof } from '../../src/tlog/merkle.ts'

const leafOf = (n: number) => createHash('sha256').update(`leaf ${n}`).digest()

function leavesOf(size: number) {
  const leaves = createLeaves()
  for (let n = 0; n < size; n += 1) leaves.add(leafOf(n))
  return leaves
}

const listOf = (size: number) => Array.from({ length: size }, (_, n) => leafOf(n))

describe('proofs of many leaves', () => {
  it('are those of RFC 6962, for every leaf of every tree of up to 130', () => {
    const leaves = leavesOf(130).bytes()
    for (let size = 1; size <= 130; size += 1) {
      const prove = proofsIn(leaves, size)
      const list = listOf(size)
      for (let index = 0; index < size; index += 1) {
        expect(prove(index)).toEqual(inclusionProof(list, index))
      }
    }
  })

  it('are those of RFC 6962 in large trees', { timeout: 300_000 }, () => {
    for (const size of [1000, 4095, 4096, 4097, 9001 + Math.floor(Math.random() * 9000)]) {
      const prove = proofsIn(leavesOf(size).bytes(), size)
      const list = listOf(size)
      for (const index of [0, 1, size >> 1, Math.floor(Math.random() * size), size - 1]) {
        expect(prove(index), `${index} of ${size}`).toEqual(inclusionProof(list, index))
      }
    }
  })

  it('can be of a smaller tree than there are leaves', () => {
    expect(proofsIn(leavesOf(100).bytes(), 77)(76)).toEqual(inclusionProof(listOf(77), 76))
  })
})

describe('the sample', () => {
  const offer = (id: string, line = Buffer.from(id)) => ({ id, stream: 's', seq: 0, line })
  const ids = Array.from({ length: 500 }, (_, n) => `d${n}`)

  it('is that of the smallest hashes, in whatever order they are offered', () => {
    const [one, other] = [createSample(20), createSample(20)]
    for (const id of ids) one.offer(offer(id))
    for (const id of ids.toReversed()) other.offer(offer(id))
    const smallest = ids.toSorted((a, b) => (hash('sha256', a) < hash('sha256', b) ? -1 : 1))
    expect(one.drawn.map(({ id }) => id)).toEqual(smallest.slice(0, 20))
    expect(other.drawn).toEqual(one.drawn)
  })

  it('keeps lines that are read over', () => {
    const sample = createSample(1)
    const line = Buffer.from('line')
    sample.offer(offer('a', line))
    line.fill(0)
    expect(sample.drawn[0]?.line.toString()).toBe('line')
  })

  it('may be empty, or all there is', () => {
    const [none, all] = [createSample(0), createSample(9)]
    for (const id of ['a', 'b']) for (const sample of [none, all]) sample.offer(offer(id))
    expect(none.drawn).toEqual([])
    expect(all.drawn).toHaveLength(2)
  })
})

describe('the tables', () => {
  it('hold no formula, and no cell breaks out of its own', () => {
    const population = countPopulation({ from: '2026-01-01', to: '2027-01-01' })
    const visit = (ts: string, kind: string, decision?: string) =>
      population.visit({ ts, kind, decision } as unknown as AuditRecord, { stream: 's', seq: 1 })
    visit('2026-02-01T00:00:00.000Z', '=cmd|"/c calc"!A1')
    visit('2026-02-01T00:00:00.000Z', '@SUM(A1)')
    visit('2026-02-01T00:00:00.000Z', 'decision', '1,=2\n=3')
    visit('2026-02",=1+1', 'x')
    expect(population.csv()).toBe(
      [
        'day,record,count,first,last',
        '"2026-02"",=",x,1,s/1,s/1',
        `2026-02-01,"'=cmd|""/c calc""!A1",1,s/1,s/1`,
        `2026-02-01,'@SUM(A1),1,s/1,s/1`,
        '2026-02-01,"decision 1,=2\n=3",1,s/1,s/1',
        '',
      ].join('\n'),
    )
    for (const start of ['=', '+', '-', '@', '\t', '\r']) {
      expect(csvText(`${start}1`)).toMatch(/^"?'/)
    }
  })

  it('count from the first moment of a period, and up to its last', () => {
    const population = countPopulation({
      from: '2026-02-01T00:00:00.000Z',
      to: '2026-02-02T00:00:00.000Z',
    })
    const times = [
      '01-31T23:59:59.999',
      '02-01T00:00:00.000',
      '02-01T23:59:59.999',
      '02-02T00:00:00.000',
    ]
    for (const time of times) {
      const record = { ts: `2026-${time}Z`, kind: 'decision', decision: 'deny' }
      population.visit(record as unknown as AuditRecord, { stream: 's', seq: 1 })
    }
    expect(population).toMatchObject({ records: 2, decisions: 2 })
  })
})
