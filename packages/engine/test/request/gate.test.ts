import { runInNewContext } from 'node:vm'
import { canonicalJson } from '@lelu/audit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gateRequest } from '../../src/request/gate.ts'
import { smallRequest, thrown, wholeRequest, withMember } from './support.ts'

const invalid = (path: string) => ({ code: 'LELU_REQUEST_INVALID', details: { path } })

describe('a gated request', () => {
  it('is equal to the one that was passed, with every member', () => {
    expect(gateRequest(wholeRequest()).request).toEqual(wholeRequest())
  })

  it('has a tenant and the strictest effect when none were given', () => {
    const { request } = gateRequest(smallRequest())
    expect(request).toEqual({
      ...smallRequest(),
      tenant: 'default',
      call: { ...smallRequest().call, effect: 'non_idempotent' },
    })
  })

  it('comes out the same when it is gated again', () => {
    const once = gateRequest(wholeRequest())
    expect(gateRequest(once.request)).toEqual(once)
  })

  it('stays as it was decided, whatever the caller does to his object', () => {
    const mine = wholeRequest()
    const { request, inputText } = gateRequest(mine)
    ;(mine.call.input as { amount: number }).amount = 1_000_000
    mine.call.tool = 'withdraw'
    expect(request.call).toEqual(wholeRequest().call)
    expect(JSON.parse(inputText)).toEqual(wholeRequest().call.input)
  })

  it('is frozen all the way down', () => {
    const { request } = gateRequest(wholeRequest())
    const loose: string[] = []
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null) return
      if (!Object.isFrozen(value)) loose.push(path)
      for (const [key, member] of Object.entries(value)) visit(member, `${path}.${key}`)
    }
    visit(request, 'request')
    expect(loose).toEqual([])
  })

  it('carries the canonical text of its input, and the input that this text says', () => {
    const { request, inputText } = gateRequest(smallRequest({ b: 1, a: [-0, 'é'], 10: 1, 9: 2 }))
    expect(inputText).toBe('{"10":1,"9":2,"a":[0,"é"],"b":1}')
    expect(canonicalJson(request.call.input)).toBe(inputText)
  })

  it('holds for any JSON: the text, the input and what was passed say the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        fc.pre(!JSON.stringify(value).includes('"__proto__"'))
        const gated = attempt(() => gateRequest(smallRequest(value)))
        // Only integers that would lose digits are refused.
        const digits = /\d{16}|e\+/.test(JSON.stringify(value))
        expect(gated !== undefined || digits).toBe(true)
        if (gated === undefined) return
        expect(gated.inputText).toBe(canonicalJson(value))
        expect(gated.request.call.input).toEqual(JSON.parse(JSON.stringify(value)))
      }),
      { numRuns: 300 },
    )
  })

  it('has no -0 anywhere, as its text has none', () => {
    const { request } = gateRequest({ ...smallRequest({ a: -0 }), context: { a: [-0] } })
    expect(Object.is((request.call.input as { a: number }).a, 0)).toBe(true)
    const { a } = request.context as { a: number[] }
    expect(Object.is(a[0], 0)).toBe(true)
  })

  it('takes plain objects of another realm and without a prototype', () => {
    const foreign = runInNewContext('({ a: [1] })')
    expect(gateRequest(smallRequest(foreign)).inputText).toBe('{"a":[1]}')
    expect(gateRequest(smallRequest(Object.assign(Object.create(null), { a: 1 }))).inputText).toBe(
      '{"a":1}',
    )
  })

  it('counts an optional member that is undefined as left out', () => {
    expect(
      gateRequest({ ...smallRequest(), run: undefined, confidence: undefined }).request,
    ).not.toHaveProperty('confidence')
  })
})

describe('the gate refuses', () => {
  it.each([undefined, null, 1, 'x', [], () => {}, new Map(), new Date()])(
    'a request that is no plain object (%o)',
    (request) => {
      expect(thrown(() => gateRequest(request))).toMatchObject(invalid(''))
    },
  )

  it.each([
    'confidance',
    'subject.role',
    'call.arguments',
    'confidence.confidence',
    'resource.name',
    'subject.actingFor.tenant',
  ])('the unknown member %s by name, and does not drop it', (path) => {
    expect(thrown(() => gateRequest(withMember(path, 1)))).toMatchObject(invalid(path))
  })

  it('a misspelt member with the right one at hand', () => {
    expect(thrown(() => gateRequest(withMember('confidance', 1)))).toMatchObject({
      help: expect.stringContaining('Did you mean `confidence`?'),
    })
  })

  it.each([
    'subject',
    'call',
    'subject.id',
    'subject.type',
    'call.id',
    'call.tool',
    'call.input',
    'resource.type',
    'resource.id',
    'confidence.method',
    'confidence.trust',
    'confidence.value',
    'confidence.score',
    'subject.actingFor.id',
  ])('a request without %s', (path) => {
    const missing = thrown(() => gateRequest(withMember(path, undefined)))
    expect(missing).toMatchObject(invalid(path))
    expect(missing).toMatchObject({ message: expect.stringMatching(/ is (missing|undefined)\.$/) })
  })

  const texts = [
    'subject.id',
    'call.id',
    'call.tool',
    'call.server',
    'tenant',
    'run',
    'resource.id',
    'resource.type',
    'confidence.model',
  ]
  const wrongTexts = [
    '',
    7,
    null,
    {},
    'a\nb',
    'a\u001b[31m',
    'a\u0000',
    'a\u2028',
    '\ud800',
    'x'.repeat(1025),
  ]
  it.each(texts.flatMap((path) => wrongTexts.map((value) => [path, value] as const)))(
    '%s as %j',
    (path, value) => {
      expect(thrown(() => gateRequest(withMember(path, value)))).toMatchObject(invalid(path))
    },
  )

  it.each([
    ['subject.type', 'Agent'],
    ['subject.type', '__proto__'],
    ['call.effect', 'write'],
    ['call.effect', null],
    ['confidence.method', 'guess'],
    ['confidence.trust', 'full'],
    ['confidence', 0.85],
    ['confidence', null],
    ['confidence.samples', 1.5],
    ['confidence.samples', -1],
    ['confidence.samples', null],
    ['resource', 'account'],
    ['context', []],
    ['context', 'x'],
    ['context', null],
    ['subject.properties', new Map()],
    ['resource.properties', 3],
    ['subject.actingFor', 'user-7'],
    ['subject.actingFor', null],
  ])('%s as %o', (path, value) => {
    expect(thrown(() => gateRequest(withMember(path, value)))).toMatchObject(invalid(path))
  })

  // Rego orders unlike types, so each of these would be greater than 0.9 there, or smaller.
  it.each(['0.97', '1', true, [1], {}, Number.NaN, Infinity, -Infinity, -0.01, 1.000001, 1n])(
    'a confidence of %o',
    (value) => {
      expect(thrown(() => gateRequest(withMember('confidence.value', value)))).toMatchObject(
        invalid('confidence.value'),
      )
    },
  )

  it('a bare number as confidence, with the way to say whose number it is', () => {
    for (const value of [0.99, Number.NaN]) {
      expect(thrown(() => gateRequest(withMember('confidence', value)))).toMatchObject({
        ...invalid('confidence'),
        help: expect.stringContaining('external(0.99) of @lelu/confidence'),
      })
    }
  })

  it('a confidence of another type as one of another type', () => {
    expect(thrown(() => gateRequest(withMember('confidence.value', '0.97')))).toMatchObject({
      message: expect.stringContaining('is not a number or null'),
    })
  })

  it.each(['1.7', true, Number.NaN, Infinity, -Infinity])('a score of %o', (value) => {
    expect(thrown(() => gateRequest(withMember('confidence.score', value)))).toMatchObject(
      invalid('confidence.score'),
    )
  })

  it('a ninth subject in a chain, and takes eight', () => {
    const chain = (length: number): object => ({
      id: 'a',
      type: 'service',
      ...(length > 1 && { actingFor: chain(length - 1) }),
    })
    expect(() => gateRequest({ ...smallRequest(), subject: chain(8) })).not.toThrow()
    expect(thrown(() => gateRequest({ ...smallRequest(), subject: chain(9) }))).toMatchObject({
      code: 'LELU_REQUEST_INVALID',
    })
  })

  it('a member that is a getter, without running it', () => {
    let ran = false
    const request = Object.defineProperty(smallRequest(), 'tenant', {
      enumerable: true,
      get: () => {
        ran = true
        return 'x'
      },
    })
    expect(thrown(() => gateRequest(request))).toMatchObject(invalid('tenant'))
    expect(ran).toBe(false)
  })

  it('a Proxy that throws, with a code and the cause', () => {
    const request = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('trap')
        },
      },
    )
    expect(thrown(() => gateRequest(request))).toMatchObject({
      ...invalid(''),
      cause: { message: 'trap' },
    })
  })
})

function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}
