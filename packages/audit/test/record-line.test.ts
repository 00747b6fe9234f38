import canonicalize from 'canonicalize'
import { assert, constantFrom, dictionary, jsonValue, oneof, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonText } from '../src/record/json-bytes.ts'
import { sumHolds } from '../src/record/line.ts'
import { type LogEvent, writeLeaf } from '../src/record/record-line.ts'
import { withTextBytes } from '../src/record/text-bytes.ts'

const place = { log: 'lelu', stream: '01m8hpy8a1naeq55gdksekt3vp', prev: 'AAAA', now: 0 }

const leafOf = (event: object, seq = 1) =>
  withTextBytes((leaf) => {
    writeLeaf(leaf, event as LogEvent, { ...place, seq })
    return Buffer.from(leaf.bytes.subarray(0, leaf.length))
  })

/** Without its sum, once that is found to hold. */
function textOf(event: object, seq?: number): string {
  const leaf = leafOf(event, seq)
  const line = leaf.toString('utf8', 1)
  expect(leaf[0]).toBe(0)
  expect(sumHolds(line)).toBe(true)
  return line.replace(/,"~sum":"[\w-]{22}"}$/, '}')
}

describe('the text of a record', () => {
  it('is what the reference writes of its members, whatever they are called', () => {
    // Also those that objects inherit, and those the log gives a value when the event has none.
    const known = constantFrom('id', 'tenant', 'constructor', 'toString', 'a', '!', 'boot2', '1')
    const names = oneof(known, string({ unit: 'binary', maxLength: 3 }))
    const free = names.filter((name) => name < '~' && name !== 'v' && name !== 'ts')
    assert(
      property(dictionary(free, jsonValue(), { maxKeys: 12 }), (members) => {
        const event = { kind: 'decision', id: 'one', tenant: 'two', ...members }
        const text = textOf(event)
        const { boot, mono_us } = JSON.parse(text)
        const chained = { ...place, seq: 1, v: 1, ts: '1970-01-01T00:00:00.000Z', boot, mono_us }
        expect(text).toBe(canonicalize({ ...event, ...chained, now: undefined }))
      }),
      { numRuns: 400 },
    )
  })

  it('leaves out members without a value, the first and those of inherited names as well', () => {
    const event = { kind: 'decision', id: undefined, '!': undefined, toString: undefined }
    const record = JSON.parse(textOf({ ...event, a: undefined, b: null }))
    expect(Object.keys(record).sort()).toEqual(
      [...['b', 'boot', 'id', 'kind', 'log', 'mono_us', 'prev', 'seq', 'stream'], 'tenant'].concat(
        'ts',
        'v',
      ),
    )
    expect(record).toMatchObject({
      tenant: 'default',
      b: null,
      id: expect.stringMatching(/^\w{26}$/),
    })
  })

  it('does not take the members of one event for those of another with as many', () => {
    for (let turn = 0; turn < 2; turn += 1) {
      expect(textOf({ kind: 'a', b: 1, c: 2 })).toContain('"b":1,"boot"')
      expect(textOf({ kind: 'a', d: 1, c: 2 })).toContain('"c":2,"d":1,"id"')
      expect(
        jsonText([
          { x1y: 1, z: 2 },
          { x2y: 1, z: 2 },
          { z: 1, x1y: 2 },
        ]),
      ).toBe('[{"x1y":1,"z":2},{"x2y":1,"z":2},{"x1y":2,"z":1}]')
    }
  })

  it.each(['v', 'seq', 'prev', 'stream', 'log', 'ts', '~sum', '~', '__proto__'])(
    'refuses an event that says %s itself, every time',
    (name) => {
      const event = JSON.parse(`{"kind":"decision","${name}":1}`)
      const refused = expect.objectContaining({ code: 'LELU_AUDIT_RECORD_INVALID' })
      expect(() => textOf(event)).toThrow(refused)
      expect(() => textOf(event)).toThrow(refused)
    },
  )
})
