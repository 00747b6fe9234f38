import { describe, expect, it } from 'vitest'
import type { Requirement } from '../../src/index.ts'
import { fieldOf, matchFields } from '../../src/standing/standing-grant.ts'

const asking = (...standing: Requirement['standing'][]): Requirement[] =>
  standing.map((one, index) => ({
    ...{ id: `r${index}`, quorum: 1, reviewers: null, expiresInMs: null },
    ...(one !== undefined && { standing: one }),
  }))

describe('the fields by which a call is like another', () => {
  it.each<[string, Requirement[], string[] | null | undefined]>([
    ['the whole input, where no requirement names any', asking(undefined, true), null],
    ['all that are named, each once', asking(['/to', '/sum'], ['/to']), ['/sum', '/to']],
    ['the whole input, where one requirement asks for it', asking(['/to'], undefined), null],
    ['none, where one requirement forbids it', asking(['/to'], false), undefined],
  ])('are %s', (_what, requirements, fields) => {
    expect(matchFields(requirements)).toEqual(fields)
  })
})

describe('what an input has at a pointer', () => {
  it.each([
    ['/to/0', 'a'],
    ['/note', 'hello'],
    ['/none', null],
    ['/a~1b/~0', 1],
  ])('%s', (pointer, value) => {
    expect(fieldOf(input, pointer)).toEqual({ value })
  })

  // By its length every text of so many letters would be alike, and by an inherited name every object.
  it.each(['/note/length', '/note/0', '/none/x', '/to/length', '/to/1', '/sum/x', '/constructor'])(
    '%s is nothing',
    (pointer) => {
      expect(fieldOf(input, pointer)).toBeNull()
    },
  )
})

const input = { to: ['a'], note: 'hello', none: null, sum: 5, 'a/b': { '~': 1 } }
