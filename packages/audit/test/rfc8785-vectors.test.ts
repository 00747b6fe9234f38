import { createHash, hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../src/index.ts'
import { jsonText } from '../src/record/json-bytes.ts'

// Published with RFC 8785: github.com/cyberphone/json-canonicalization, testdata.
const published: [name: string, input: string, output: string][] = [
  [
    'arrays',
    '[\n  56,\n  {\n    "d": true,\n    "10": null,\n    "1": [ ]\n  }\n]',
    '[56,{"1":[],"10":null,"d":true}]',
  ],
  [
    'french',
    '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ingnore locale"}',
    '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ingnore locale"}',
  ],
  [
    'structures',
    String.raw`{"1": {"f": {"f": "hi","F": 5} ,"\n": 56.0},"10": { },"": "empty","a": { },"111": [ { } ],"A": { }}`,
    String.raw`{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}`,
  ],
  [
    'unicode',
    String.raw`{"Unnormalized Unicode":"\u1e0d\u0307"}`,
    '{"Unnormalized Unicode":"\u1e0d\u0307"}',
  ],
  [
    'values',
    String.raw`{"numbers": [1E30, 4.50, 333333333.33333329, 2e-3, 0.000000000000000000000000001],"escaping": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals": [null, true, false]}`,
    String.raw`{"escaping":"€$\u000f\nA'B\"\\\\\"/","literals":[null,true,false],"numbers":[1e+30,4.5,333333333.3333333,0.002,1e-27]}`,
  ],
  [
    'weird',
    String.raw`{"\u20ac": "Euro Sign","1": "One","\u0080": "Control\u007f","\ud83d\ude02": "Smiley","\u00f6": "Latin Small Letter O With Diaeresis","\ufb33": "Hebrew Letter Dalet With Dagesh","</script>": "Browser Challenge"}`,
    '{"1":"One","</script>":"Browser Challenge","\u0080":"Control\u007f","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😂":"Smiley","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ],
]

describe('the vectors published with RFC 8785', () => {
  it.each(published)('%s.json is written as published, by both writers', (_, input, output) => {
    expect(canonicalJson(JSON.parse(input))).toBe(output)
    expect(jsonText(JSON.parse(input))).toBe(output)
  })

  it('100,000 numbers are written as in es6testfile100m.txt, by both writers', () => {
    for (const write of [canonicalJson, jsonText]) {
      const sums: string[] = []
      const sum = createHash('sha256')
      let count = 0
      for (const bits of numbers(100_000)) {
        sum.update(`${bits.toString(16)},${write(doubleOf(bits))}\n`)
        count += 1
        if ([1_000, 10_000, 100_000].includes(count)) sums.push(sum.copy().digest('hex'))
      }
      expect(sums).toEqual([
        'be18b62b6f69cdab33a7e0dae0d9cfa869fda80ddc712221570f9f40a5878687',
        'b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892',
        '22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7',
      ])
    }
  })

  it.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])(
    'the double %s, which is no number, is refused by both writers',
    (hex) => {
      for (const write of [canonicalJson, jsonText]) {
        expect(() => write(doubleOf(BigInt(`0x${hex}`)))).toThrow(
          expect.objectContaining({ code: 'LELU_JSON_INVALID' }),
        )
      }
    },
  )
})

const bitsOf = (text: string) =>
  text
    .trim()
    .split(/\s+/)
    .map((hex) => BigInt(`0x${hex}`))

const thirds = `
  446696695dbd1cc3 443211ede4974a35 43fce97ca0f21056 43c7213080c1a6ac 439280f39a348556
  435d9b1f5d20d557 4327af4c4a80aaac 42f2f2a36ecd5556 42be51057e155558 428840d131aaaaac
  4253670dc1555557 421f0b4935555557 41e8d5d42aaaaaac 41b3de4355555556 417fca0555555556
  41496e6aaaaaaaab 4114585555555555 40e046aaaaaaaaab 40aa0aaaaaaaaaaa 4074d55555555555
  4040aaaaaaaaaaab 400aaaaaaaaaaaab 3fd5555555555555 3fa1111111111111 3f6b4e81b4e81b4f
  3f35d867c3ece2a5 3f0179ec9cbd821e 3ecbf647612f3696 3e965e9f80f29212 3e61e54c672874db
  3e2ca213d840baf8 3df6e80fe033c8c6 3dc2533fe68fd3d2 3d8d51ffd74c861c 3d5774ccac3d3817
  3d22c3d6f030f9ac 3cee0624b3818f79 3cb804ea293472c7 3c833721ba905bd3 3c4ebe9c5db3c61e
  3c18987d17c304e5 3be3ad30dfcf371d 3baf7b816618582f 3b792f9ab81379bf 3b442615600f9499
  3b101e77800c76e1 3ad9ca58cce0be35 3aa4a1e0a3e6fe90 3a708180831f320d 3a3a68cd9e985016`

const others = `
  4024000000000000 4014000000000000 3fe0000000000000 3fa999999999999a 3f747ae147ae147b
  3f40624dd2f1a9fc 3f0a36e2eb1c432d 3ed4f8b588e368f1 3ea0c6f7a0b5ed8d 3e6ad7f29abcaf48
  3e35798ee2308c3a 3ed539223589fa95 3ed4ff26cd5a7781 3ed4f95a762283ff 3ed4f8c60703520c
  3ed4f8b72f19cd0d 3ed4f8b5b31c0c8d 3ed4f8b58d1c461a 3ed4f8b5894f7f0e 3ed4f8b588ee37f3
  3ed4f8b588e47da4 3ed4f8b588e3849c 3ed4f8b588e36bb5 3ed4f8b588e36937 3ed4f8b588e368f8
  3ed4f8b588e368f1 3ff0000000000000 bff0000000000000 bfeffffffffffffa bfeffffffffffffb
  3feffffffffffffa 3feffffffffffffb 3feffffffffffffc 3feffffffffffffe bfefffffffffffff
  bfefffffffffffff 3fefffffffffffff 3fefffffffffffff 3fd3333333333332 3fd3333333333333
  3fd3333333333334 0010000000000000 000ffffffffffffd 000fffffffffffff 7fefffffffffffff
  ffefffffffffffff 4340000000000000 c340000000000000 4430000000000000 44b52d02c7e14af5
  44b52d02c7e14af6 44b52d02c7e14af7 444b1ae4d6e2ef4e 444b1ae4d6e2ef4f 444b1ae4d6e2ef50
  3eb0c6f7a0b5ed8c 3eb0c6f7a0b5ed8d 41b3de4355555553 41b3de4355555554 41b3de4355555555
  41b3de4355555556 41b3de4355555557 becbf647612f3696 43143ff3c1cb0959`

const edges = [
  0n,
  0x8000000000000000n,
  1n,
  0x8000000000000001n,
  ...bitsOf(thirds).map((bits) => bits | 0x8000000000000000n),
  ...bitsOf(thirds),
  ...bitsOf(others),
]

function doubleOf(bits: bigint): number {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(bits)
  return bytes.readDoubleBE()
}

/** The bits of the doubles of es6testfile100m.txt: edge cases, then 2,000 in a row, then what SHA-256 makes of 32 zeros. */
function* numbers(count: number): Generator<bigint> {
  const fixed = [
    ...edges,
    ...Array.from({ length: 2000 }, (_, n) => 0x0010000000000000n + BigInt(n)),
  ]
  yield* fixed.slice(0, count)
  let left = count - fixed.length
  for (
    let block = hash('sha256', Buffer.alloc(32), 'buffer');
    ;
    block = hash('sha256', block, 'buffer')
  ) {
    for (let at = 0; at < 32; at += 8) {
      if (left <= 0) return
      const number = block.readDoubleLE(at)
      if (number === 0 || !Number.isFinite(number)) continue
      left -= 1
      yield block.readBigUInt64LE(at)
    }
  }
}
