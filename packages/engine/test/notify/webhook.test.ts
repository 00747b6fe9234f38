import { describe, expect, it } from 'vitest'
import { verifyWebhook } from '../../src/notify/verify-webhook.ts'
import { signWebhook, webhookKey } from '../../src/notify/webhook-signature.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
const keyOf = (text: string) => webhookKey(text) as Buffer
const id = 'ntf_1'
const timestamp = 1_795_341_600
const now = () => timestamp * 1000
const body = '{"type":"approval.requested"}'

function headersWith(more: Record<string, string> = {}) {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signWebhook([keyOf(secret)], { id, timestamp, body }),
    ...more,
  }
}

const refused = (why: RegExp) =>
  expect.objectContaining({
    code: 'LELU_WEBHOOK_REFUSED',
    message: expect.stringMatching(why),
  }) as Error

describe('a receiver that is not set up right hears what to pass', () => {
  const raw = 'Pass what came, byte for byte'
  it.each([
    ['a parsed body', headersWith(), JSON.parse(body), secret, raw],
    ['no body', headersWith(), undefined, secret, raw],
    ['null as a body', headersWith(), null, secret, raw],
    ['a list of bytes', headersWith(), [...Buffer.from(body)], secret, raw],
    ['no headers', undefined, body, secret, 'Pass all headers'],
    ['null as headers', null, body, secret, 'Pass all headers'],
    ['a text as headers', 'webhook-id: 1', body, secret, 'Pass all headers'],
    ['no secret', headersWith(), body, undefined, 'whsec_'],
    ['null as a secret', headersWith(), body, null, 'whsec_'],
    ['a secret that is none of several', headersWith(), body, [secret, undefined], 'whsec_'],
  ])('for %s', (_what, headers, given, secrets, help) => {
    const verify = () => verifyWebhook(headers as never, given as never, secrets as never, { now })
    expect(verify).toThrowError(
      expect.objectContaining({
        code: 'LELU_WEBHOOK_REFUSED',
        help: expect.stringContaining(help),
      }),
    )
  })
})

describe('the signature of a webhook', () => {
  it('is the one of the Standard Webhooks', () => {
    // The test vector of the standard's reference libraries.
    const key = keyOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')
    const parts = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1614265330,
      body: '{"test": 2432232314}',
    }
    expect(signWebhook([key], parts)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it.each([
    ['no prefix', secret.slice(6)],
    ['another alphabet', `whsec_${'-'.repeat(43)}=`],
    ['too few bytes', `whsec_${Buffer.alloc(23).toString('base64')}`],
    ['too many bytes', `whsec_${Buffer.alloc(65).toString('base64')}`],
    ['a space in it', `whsec_ ${secret.slice(6)}`],
    ['nothing', undefined],
  ])('is never made with a secret that has %s', (_what, text) => {
    expect(webhookKey(text)).toBeUndefined()
  })
})

describe('a receiver', () => {
  it('takes what was signed, as text, as bytes, and with the headers of either kind', () => {
    const expected = { id, type: 'approval.requested' }
    expect(verifyWebhook(headersWith(), body, secret, { now })).toEqual(expected)
    const upper = Object.fromEntries(
      Object.entries(headersWith()).map(([name, value]) => [name.toUpperCase(), value]),
    )
    expect(verifyWebhook(upper, Buffer.from(body), [secret], { now })).toEqual(expected)
    expect(verifyWebhook(new Headers(headersWith()), body, secret, { now })).toEqual(expected)
  })

  it('takes any of its secrets, and any of the signatures, while a secret is changed', () => {
    const both = signWebhook([keyOf(other), keyOf(secret)], { id, timestamp, body })
    const headers = headersWith({ 'webhook-signature': both })
    for (const known of [secret, other, [other, secret]]) {
      expect(verifyWebhook(headers, body, known, { now }).id).toBe(id)
    }
    expect(verifyWebhook(headersWith(), body, [other, secret], { now }).id).toBe(id)
  })

  it('refuses another body, id, time or secret', () => {
    const bad = refused(/signature/)
    expect(() => verifyWebhook(headersWith(), `${body} `, secret, { now })).toThrow(bad)
    const verify = (more: Record<string, string>) => () =>
      verifyWebhook(headersWith(more), body, secret, { now })
    expect(verify({ 'webhook-id': 'ntf_2' })).toThrow(bad)
    expect(verify({ 'webhook-timestamp': String(timestamp + 1) })).toThrow(bad)
    expect(() => verifyWebhook(headersWith(), body, other, { now })).toThrow(bad)
  })

  it.each([
    ['none', ''],
    ['an empty one', 'v1,'],
    [
      'one of another version',
      signWebhook([keyOf(secret)], { id, timestamp, body }).replace('v1', 'v2'),
    ],
    ['the start of one', signWebhook([keyOf(secret)], { id, timestamp, body }).slice(0, 20)],
  ])('refuses a signature that is %s', (_what, signature) => {
    const headers = headersWith({ 'webhook-signature': signature })
    expect(() => verifyWebhook(headers, body, secret, { now })).toThrow(refused(/signature/))
  })

  it('refuses what was recorded and is sent again later, and what comes from the future', () => {
    for (const seconds of [-301, 301]) {
      const later = { now: () => (timestamp + seconds) * 1000 }
      expect(() => verifyWebhook(headersWith(), body, secret, later)).toThrow(refused(/too old/))
    }
    const within = { now: () => (timestamp + 299) * 1000 }
    expect(verifyWebhook(headersWith(), body, secret, within).id).toBe(id)
    const careless = { now, toleranceSeconds: Number.NaN }
    expect(() => verifyWebhook(headersWith(), body, secret, careless)).toThrow(refused(/too old/))
  })

  it.each([
    ['no id', { 'webhook-id': '' }],
    ['an id with a dot, which would move the borders of what is signed', { 'webhook-id': 'a.1' }],
    ['no time', { 'webhook-timestamp': '' }],
    ['a time that is no number of seconds', { 'webhook-timestamp': '1e9' }],
  ])('refuses %s', (_what, more) => {
    expect(() => verifyWebhook(headersWith(more), body, secret, { now })).toThrow(
      refused(/malformed/),
    )
  })

  it('never verifies with no secret, or with a broken one beside a good one', () => {
    for (const known of [[], '', 'whsec_', [secret, 'whsec_short']]) {
      expect(() => verifyWebhook(headersWith(), body, known, { now })).toThrow(refused(/secret/))
    }
  })

  it('refuses a signed body that is no JSON, in words', () => {
    const signature = signWebhook([keyOf(secret)], { id, timestamp, body: 'x' })
    const headers = headersWith({ 'webhook-signature': signature })
    expect(() => verifyWebhook(headers, 'x', secret, { now })).toThrow(refused(/JSON/))
  })
})
