import { assert, maxSafeInteger, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonText } from '../src/record/json-bytes.ts'
import { newUlid, ulidTime } from '../src/record/ulid.ts'

describe('bytes that are lent to write a text into', () => {
  it('are others for a getter of the value that writes meanwhile', () => {
    const inner = { long: 'y'.repeat(9000) }
    const value = {
      a: 'x'.repeat(20),
      get b() {
        return jsonText(inner)
      },
      c: 'z',
    }
    const text = JSON.stringify({ a: 'x'.repeat(20), b: JSON.stringify(inner), c: 'z' })
    expect(jsonText(value)).toBe(text)
    expect(jsonText(value)).toBe(text)
  })

  it('are given back by a value that cannot be written, and hold nothing of it', () => {
    expect(() => jsonText(['x'.repeat(40), () => {}])).toThrow('it holds a function')
    expect(jsonText('y')).toBe('"y"')
  })

  it('grow with the text, from any length to any other', () => {
    for (const length of [0, 1, 47, 48, 49, 8190, 8191, 8192, 20_000, 300_000]) {
      for (const letter of ['x', '"', 'é', '漢', '😀', '\u0000', '\u2028']) {
        const value = [letter.repeat(length), { [letter.repeat(length)]: length }]
        expect(jsonText(value)).toBe(JSON.stringify(value))
      }
    }
  })
})

describe('an integer, whose digits are written one by one', () => {
  it('is written as JSON does, at every power of two and of ten', () => {
    const powers = Array.from({ length: 53 }, (_, n) => 2 ** n)
    for (let power = 1; power < 2 ** 53; power *= 10) powers.push(power)
    for (const near of powers.flatMap((power) => [power - 1, power, power + 1])) {
      for (const value of [near, -near]) expect(jsonText(value)).toBe(JSON.stringify(value))
    }
    expect(jsonText(Number.MIN_SAFE_INTEGER)).toBe('-9007199254740991')
    expect(jsonText(-0)).toBe('0')
  })

  it('is written as JSON does, whatever it is', () => {
    assert(
      property(maxSafeInteger(), (value) => jsonText([value, 1]) === JSON.stringify([value, 1])),
    )
  })

  it('makes room for itself, where the bytes end', () => {
    for (let length = 8160; length < 8200; length += 1) {
      const value = ['x'.repeat(length), Number.MIN_SAFE_INTEGER]
      expect(jsonText(value)).toBe(JSON.stringify(value))
    }
  })
})

it('an id is one whatever the clock says', () => {
  for (const time of [0, 1, 1.7, 1_764_393_600_000, 1_764_393_600_000.9, -5, 2 ** 48 - 1]) {
    const id = newUlid(time)
    expect(id).toMatch(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/)
    expect(ulidTime(id)).toBe(Math.max(0, Math.trunc(time)))
  }
})
