import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  canonicalJson,
  commitInput,
  type Json,
  type Opening,
  openAuditLog,
  openingHolds,
} from '../../src/index.ts'
import { clearPaths } from '../../src/inputs/clear-paths.ts'
import { verifyLog } from '../../src/reading.ts'
import { decision, temporaryFolder } from '../support.ts'
import { readAll } from './support.ts'

const input = {
  symbol: 'ACME',
  amount: 100,
  buyer: { name: 'Ada Example', zip: '1010' },
  items: [
    { sku: 'a', price: 1.5 },
    { sku: 'b', price: 2 },
  ],
}
const commitmentOf = (value: unknown) => (value as { $c?: string }).$c

test('without an allowed path the whole input is one commitment', () => {
  const { shown, openings } = commitInput(input)
  expect(Object.keys(shown as object)).toEqual(['$c'])
  expect(openings).toEqual([{ path: '/input', salt: expect.any(String), value: input }])
})

test('paths that share their beginning, by name or by a star, show together what each of them shows, and no more', () => {
  const value = {
    a: { x: { n: 1, m: 2, p: 3 }, y: { n: 4, m: 5, p: 6 } },
    b: { x: { n: 7, m: 8, p: 9 } },
  }
  const c = { $c: expect.any(String) }
  expect(commitInput(value, ['/a/x/n', '/a/x/m', '/a/y/p']).shown).toEqual({
    a: { x: { n: 1, m: 2, p: c }, y: { n: c, m: c, p: 6 } },
    b: c,
  })
  expect(commitInput(value, ['/a/*/n', '/*/*/m', '/*/x/p']).shown).toEqual({
    a: { x: { n: 1, m: 2, p: 3 }, y: { n: 4, m: 5, p: c } },
    b: { x: { n: c, m: 8, p: 9 } },
  })
  expect(commitInput(value, ['/a/x', '/*/x/n']).shown).toEqual({
    a: { x: value.a.x, y: c },
    b: { x: { n: 7, m: c, p: c } },
  })
})

test('more than 1000 paths, or what is no list of them, are refused', () => {
  expect(() => commitInput({}, Array(1001).fill('/a'))).toThrow(/1000/)
  expect(() => clearPaths('/a' as never)).toThrow(/1000/)
})

test('allowed places are in clear, everything beside them is committed', () => {
  const { shown, openings } = commitInput(input, ['/symbol', '/buyer/zip', '/items/*/sku'])
  const committed = { $c: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) }
  expect(shown).toEqual({
    symbol: 'ACME',
    amount: committed,
    buyer: { name: committed, zip: '1010' },
    items: [
      { sku: 'a', price: committed },
      { sku: 'b', price: committed },
    ],
  })
  const paths = [
    '/input/amount',
    '/input/buyer/name',
    '/input/items/0/price',
    '/input/items/1/price',
  ]
  expect(openings.map(({ path }) => path).sort()).toEqual(paths)
})

test.each([
  ['short', 'ä'],
  ['long', '日本語'.repeat(20_000)],
])(
  'a commitment is the SHA-256 of 0x10, salt, path, 0x00 and the canonical value, a %s one',
  (_what, a) => {
    const { shown, openings } = commitInput({ b: 1, a }, [], { at: '/context' })
    const [{ salt, value } = { salt: '', value: null }] = openings
    const bytes = [
      Buffer.of(0x10),
      Buffer.from(salt, 'base64'),
      Buffer.from('/context'),
      Buffer.of(0),
    ]
    const text = Buffer.from(canonicalJson(value))
    const expected = createHash('sha256')
      .update(Buffer.concat([...bytes, text]))
      .digest('base64')
    expect(commitmentOf(shown)).toBe(expected)
  },
)

test('the paths of a member name and of * both hold there', () => {
  const { shown } = commitInput({ a: { x: 1, y: 2, z: 3 }, b: { x: 1, y: 2 } }, ['/a/x', '/*/y'])
  const committed = { $c: expect.any(String) }
  expect(shown).toEqual({ a: { x: 1, y: 2, z: committed }, b: { x: committed, y: 2 } })
})

test.each(['amount', '/a~2', '/~', '/\ud800', 1])('the path %j is refused with a code', (path) => {
  const refused = expect.objectContaining({ code: 'LELU_AUDIT_PATH_INVALID' })
  expect(() => commitInput({}, [path as string])).toThrow(refused)
})

test('an escaped path means the member of that very name', () => {
  const { shown } = commitInput({ 'a/b': 1, 'c~d': 2, e: 3 }, ['/a~1b', '/c~0d'])
  expect(shown).toMatchObject({ 'a/b': 1, 'c~d': 2, e: { $c: expect.any(String) } })
})

test('__proto__ and constructor are members like any other, and nothing inherited is allowed', () => {
  const hostile = JSON.parse('{"__proto__":{"x":1},"constructor":2,"a":{"__proto__":3}}') as Json
  const shown = commitInput(hostile, ['/a/__proto__', '/constructor']).shown as Record<string, Json>
  expect(Object.keys(shown)).toEqual(['__proto__', 'constructor', 'a'])
  expect(Object.getOwnPropertyDescriptor(shown, '__proto__')?.value).toEqual({
    $c: expect.any(String),
  })
  expect(JSON.stringify(shown.a)).toBe('{"__proto__":3}')
  expect(commitInput({}, ['/toString']).openings).toEqual([])
})

test('a member named $c in an input never stands in the record', () => {
  const forged = { $c: Buffer.alloc(32).toString('base64') }
  for (const clear of [[], [''], ['/a'], ['/$c'], ['/a/$c']]) {
    const { shown, openings } = commitInput({ a: forged, ...forged }, clear)
    expect(JSON.stringify(shown)).not.toContain(forged.$c)
    for (const opening of openings) expect(openingHolds({ input: shown }, opening)).toBe(true)
  }
  const inside = commitInput({ a: forged, b: 1 }, [''])
  expect(inside.openings).toMatchObject([{ path: '/input/a', value: forged }])
})

test('what would make the record too long is committed as one', () => {
  const long = { list: Array.from({ length: 2000 }, (_, n) => n), text: 'x'.repeat(20_000), ok: 1 }
  for (const clear of [['/text'], ['/list/*'], ['']]) {
    const { shown, openings } = commitInput(long, clear)
    expect(Object.keys(shown as object)).toEqual(['$c'])
    expect(openings).toHaveLength(1)
  }
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`m${n}`, n]))
  expect(commitInput(many, ['/m1']).openings).toHaveLength(1)
})

test('the canonical text of what is shown never takes more than it may', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 60, max: 400 }), (value, maxBytes) => {
      const { shown } = commitInput(value as Json, [''], { maxBytes })
      expect(Buffer.byteLength(canonicalJson(shown))).toBeLessThanOrEqual(maxBytes)
    }),
  )
})

const altered: [string, (opening: Opening) => Opening][] = [
  ['another value', (one) => ({ ...one, value: 101 })],
  ['the same number as text', (one) => ({ ...one, value: '100' })],
  ['another salt', (one) => ({ ...one, salt: Buffer.alloc(32).toString('base64') })],
  ['a shorter salt', (one) => ({ ...one, salt: one.salt.slice(0, 40) })],
  ['a salt that is written differently', (one) => ({ ...one, salt: `${one.salt} ` })],
  ['another path', (one) => ({ ...one, path: '/input/limit' })],
  ['a path that is none', (one) => ({ ...one, path: 'input/amount' })],
  ['no value', ({ path, salt }) => ({ path, salt }) as Opening],
]
test.each(altered)('an opening with %s does not hold', (_what, alter) => {
  const { shown, openings } = commitInput({ amount: 100, limit: 100 }, ['/other'])
  const opening = openings.find(({ path }) => path === '/input/amount') as Opening
  expect(openingHolds({ input: shown }, opening)).toBe(true)
  expect(openingHolds({ input: shown }, alter(opening))).toBe(false)
})

test('a clear value does not pass for a commitment, and the prototype holds none', () => {
  const { shown, openings } = commitInput({ amount: 100 })
  const [opening] = openings as [Opening]
  const text = commitmentOf(shown) as string
  expect(openingHolds({ input: text }, opening)).toBe(false)
  expect(openingHolds({ input: { $c: text, more: 1 } }, opening)).toBe(false)
  expect(openingHolds({ input: Object.create({ $c: text }) }, opening)).toBe(false)
  expect(openingHolds(Object.create({ input: shown }), opening)).toBe(false)
  expect(openingHolds({}, opening)).toBe(false)
})

test('a guessable value cannot be confirmed without its salt', () => {
  const { shown } = commitInput({ pin: '0007' }, ['/x'])
  const committed = commitmentOf((shown as { pin: Json }).pin)
  // All ten thousand pins, under the salts that a guesser has: none, or one of another decision.
  const other = commitInput({ pin: '0007' }, ['/x']).openings[0]?.salt ?? ''
  expect(openingHolds({ input: shown }, { path: '/input/pin', salt: other, value: '0007' })).toBe(
    false,
  )
  for (let pin = 0; pin < 10_000; pin += 1) {
    const text = `/input/pin\0"${String(pin).padStart(4, '0')}"`
    const guess = createHash('sha256').update(`\x10${text}`).digest('base64')
    expect(guess).not.toBe(committed)
  }
  expect(commitInput({ pin: '0007' }, ['/x']).shown).not.toEqual(shown)
})

test('every opening of any input holds in the record the log gives back', async () => {
  const directory = temporaryFolder()
  const log = await openAuditLog({ directory })
  const values = fc.sample(fc.jsonValue({ stringUnit: 'grapheme' }), 200) as Json[]
  const kept = new Map<string, Opening[]>()
  for (const [n, value] of values.entries()) {
    const { shown, openings } = commitInput(value, n % 2 === 0 ? ['/*'] : ['/*/*', '/a'])
    kept.set(`d${n}`, openings)
    await log.append(decision(`d${n}`, { input: shown, resource: null }), { until: 'written' })
  }
  await log.append({ kind: 'config.weakened', weakened: ['token_seconds=300'] })
  const reviewer = { id: 'bob', issuer: 'test', method: 'test' }
  const erased = new Date(0).toISOString()
  await log.append({
    ...{ kind: 'erasure', data_subject: 'x', reviewer, reason: 'asked', erased, keys: 1 },
  })
  await log.close()
  expect(await verifyLog({ directory })).toMatchObject({ ok: true })
  let count = 0
  for (const record of await readAll(directory)) {
    for (const opening of kept.get(record.id) ?? []) {
      expect(openingHolds(record, opening)).toBe(true)
      count += 1
    }
  }
  expect(count).toBeGreaterThan(100)
})
