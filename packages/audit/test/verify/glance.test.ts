import { expect, it } from 'vitest'
import { jsonText } from '../../src/record/json-bytes.ts'
import { createGlancer } from '../../src/verify/glance.ts'

it('forgets where things stood when it goes on to other lines', () => {
  const prev = 'p'.repeat(44)
  const of = (note: string) =>
    jsonText({
      ...{ a: note, decision: 'allow', id: 'b', kind: 'decision', prev, refs: {}, seq: 7 },
      ...{ ts: '2026-11-22T10:00:00.000Z', v: 1, '~sum': 's'.repeat(22) },
    })
  const glancer = createGlancer('stream')
  for (const text of [of('long '.repeat(9)), of('short'), of('long '.repeat(9))]) {
    glancer.over(text)
    const paired = { kind: 'decision', stream: 'stream', seq: 7, id: 'b', decision: 'allow' }
    expect(glancer.look(0, text.length, 7, prev)).toMatchObject({ kind: 'decision', paired })
    expect(glancer.follows(0, text.length, 7, prev)).toBe(true)
  }
})
