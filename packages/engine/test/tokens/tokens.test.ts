import { importJWK, SignJWT } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { type Lelu, type LeluError, newKeyRing } from '../../src/index.ts'
import { approved, bob, suspended, temporaryFolder, testClock, testEngine } from '../support.ts'

type Claims = Record<string, unknown>

/** An engine whose signing key the test knows, so that it can sign what the engine never would. */
async function forge() {
  const clock = testClock()
  const keys = await newKeyRing(clock.now())
  const lelu = await testEngine({ keys, now: clock.now })
  const id = await approved(lelu)
  const { token } = await lelu.tokens.mint(id)
  const claims = (await lelu.tokens.verify(token)) as Claims
  const [key] = keys.signing
  if (key === undefined) throw new Error('no key')
  const sign = async (change: Claims, header: Record<string, unknown> = {}) =>
    new SignJWT({ ...claims, ...change })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'lelu-approval+jwt', kid: key.kid, ...header })
      .sign((await importJWK(key.jwk, 'EdDSA')) as never)
  return { lelu, id, token, claims, sign, clock, now: Math.floor(clock.now() / 1000) }
}

const reasonOf = (lelu: Lelu, token: string) =>
  lelu.tokens.verify(token).then(
    () => 'taken',
    (error: LeluError) => error.details.reason,
  )

describe('a token', () => {
  it('names the user, the agent, the one call by digest, and lives 60 seconds', async () => {
    const { lelu, id, claims, token } = await forge()
    const { digest, request } = await lelu.approvals.get(id)
    expect(claims).toMatchObject({
      iss: 'urn:lelu:engine',
      aud: 'urn:lelu:executor:local',
      sub: 'user:alice',
      act: { sub: 'agent:trader-1' },
      tenant: 'default',
      authorization_details: [
        {
          tool: 'trade',
          input_sha256: digest,
          approval_id: id,
          call_id: request.call.id,
          max_uses: 1,
        },
      ],
    })
    expect((claims.exp as number) - (claims.iat as number)).toBe(60)
    // Base64url began with `-` once in 64 ids, and `lelu audit show` took those for options.
    expect(claims.jti).toMatch(/^[0-9a-f]{32}$/)
    expect(token.length).toBeLessThan(1400)
    expect(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).not.toMatch(/ACME|bob/)
  })

  it.each<[string, Claims, string]>([
    ['without exp', { exp: undefined }, 'token_time'],
    ['without jti', { jti: undefined }, 'token_claims'],
    ['without the call', { authorization_details: undefined }, 'token_claims'],
    ['for two calls', { authorization_details: [{}, {}] }, 'token_claims'],
    ['of another issuer', { iss: 'urn:evil' }, 'token_issuer'],
    ['for another executor', { aud: 'urn:other' }, 'token_audience'],
    ['for several executors', { aud: ['urn:lelu:executor:local', 'urn:other'] }, 'token_audience'],
    ['with a number as its subject chain', { act: 5 }, 'token_claims'],
  ])('%s is refused', async (_what, change, reason) => {
    const { lelu, sign } = await forge()
    expect(await reasonOf(lelu, await sign(change))).toBe(reason)
  })

  it('with impossible times is refused', async () => {
    const { lelu, sign, now } = await forge()
    expect(await reasonOf(lelu, await sign({ exp: now + 315_360_000 }))).toBe('token_time')
    expect(await reasonOf(lelu, await sign({ iat: now - 100, exp: now + 201 }))).toBe('token_time')
    expect(await reasonOf(lelu, await sign({ iat: now + 60, nbf: now + 60, exp: now + 120 }))).toBe(
      'token_time',
    )
    expect(await reasonOf(lelu, await sign({ iat: now + 60, nbf: now, exp: now + 120 }))).toBe(
      'token_time',
    )
    expect(await reasonOf(lelu, await sign({ iat: now - 100, exp: now - 10 }))).toBe(
      'token_expired',
    )
    expect(await reasonOf(lelu, await sign({ iat: now, exp: now + 300 }))).toBe('taken')
  })

  it('with another header is refused', async () => {
    const { lelu, sign, token } = await forge()
    expect(await reasonOf(lelu, await sign({}, { typ: 'at+jwt' }))).toBe('token_header')
    expect(await reasonOf(lelu, await sign({}, { jwk: { kty: 'OKP' } }))).toBe('token_header')
    expect(await reasonOf(lelu, await sign({}, { kid: 'another' }))).toBe('token_key_unknown')
    const none = Buffer.from('{"alg":"none","typ":"lelu-approval+jwt","kid":"x"}').toString(
      'base64url',
    )
    expect(await reasonOf(lelu, `${none}.${token.split('.')[1]}.`)).toBe('token_header')
  })

  it('with a changed byte, too many parts or too much of it is refused', async () => {
    const { lelu, token } = await forge()
    const [head = '', body = '', signature = ''] = token.split('.')
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    expect(await reasonOf(lelu, `${head}.${body}.${flipped}`)).toBe('token_signature')
    for (const text of [
      '',
      'a.b',
      'a.b.c.d',
      `${token}.x`,
      'x'.repeat(5000),
      `${head}.${body}.${'A'.repeat(5000)}`,
    ]) {
      expect(await reasonOf(lelu, text)).toBe('token_malformed')
    }
    expect(await reasonOf(lelu, undefined as never)).toBe('token_malformed')
  })

  it('of another engine is refused', async () => {
    const { lelu } = await forge()
    const other = await forge()
    expect(await reasonOf(lelu, other.token)).toBe('token_key_unknown')
  })

  it('is minted for approved calls only', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    await expect(lelu.tokens.mint(id)).rejects.toMatchObject({
      code: 'LELU_APPROVAL_STATE',
      details: { state: 'pending' },
    })
    await lelu.approvals.review(id, { verdict: 'deny', reviewer: bob })
    await expect(lelu.tokens.mint(id)).rejects.toMatchObject({
      code: 'LELU_APPROVAL_STATE',
      details: { state: 'denied' },
    })
  })
})

describe('introspection', () => {
  it('calls the last minted token active and every other inactive', async () => {
    const { lelu, id, token } = await forge()
    expect(await lelu.tokens.introspect(token)).toMatchObject({
      active: true,
      token_type: 'lelu-approval+jwt',
      sub: 'user:alice',
    })
    const later = await lelu.tokens.mint(id)
    expect(await lelu.tokens.introspect(token)).toEqual({ active: false })
    await lelu.resume(id, vi.fn())
    expect(await lelu.tokens.introspect(later.token)).toEqual({ active: false })
    expect(await lelu.tokens.introspect('nonsense')).toEqual({ active: false })
  })
})

it('a token of a call that the kill switch holds is not active', async () => {
  const { lelu, token } = await forge()
  await lelu.killSwitch.stop({ agent: 'trader-1' })
  expect(await lelu.tokens.introspect(token)).toEqual({ active: false })
  await lelu.killSwitch.start({ agent: 'trader-1' })
  expect(await lelu.tokens.introspect(token)).toMatchObject({ active: true })
})

describe('a token that is truly signed but says otherwise than the approval', () => {
  type Detail = Record<string, unknown>
  it.each<[string, (detail: Detail) => Claims]>([
    ['tenant', () => ({ tenant: 'other' })],
    ['user', () => ({ sub: 'user:mallory' })],
    ['agent', () => ({ act: { sub: 'agent:trader-2' } })],
    ['tool', (detail) => ({ authorization_details: [{ ...detail, tool: 'wire_money' }] })],
    ['input', (detail) => ({ authorization_details: [{ ...detail, input_sha256: 'x' }] })],
    ['number of mints', (detail) => ({ authorization_details: [{ ...detail, mint: 9 }] })],
    ['client', () => ({ client_id: 'agent:trader-2' })],
    ['run', () => ({ txn: 'another' })],
    ['number of uses', (detail) => ({ authorization_details: [{ ...detail, max_uses: 2 }] })],
  ])('is not active: another %s', async (_what, change) => {
    const { lelu, sign, claims } = await forge()
    const [detail] = claims.authorization_details as [Detail]
    expect(await lelu.tokens.introspect(await sign({}))).toMatchObject({ active: true })
    expect(await lelu.tokens.introspect(await sign(change(detail)))).toEqual({ active: false })
  })
})

describe('revocation', () => {
  it.each([
    ['the token', (token: string) => ({ token })],
    ['its approval', (_t: string, approval: string) => ({ approval })],
    ['its agent', () => ({ agent: 'trader-1' })],
    ['the user it acts for', () => ({ user: 'alice' })],
    ['its tenant', () => ({ tenant: 'default' })],
    ['everything', () => ({ all: true as const })],
  ])('of %s ends what was approved before', async (_what, target) => {
    const { lelu, id, token } = await forge()
    await lelu.tokens.revoke(target(token, id), { reason: 'test', by: bob })
    expect(await lelu.tokens.introspect(token)).toEqual({ active: false })
    const tool = vi.fn()
    const outcome = await lelu.resume(id, tool).catch((error: LeluError) => error)
    expect(outcome).toMatchObject(
      outcome instanceof Error ? { details: { reason: 'token_revoked' } } : { status: 'denied' },
    )
    expect(tool).not.toHaveBeenCalled()
  })

  it('of an agent does not touch what is approved afterwards, nor other agents', async () => {
    const clock = testClock()
    const lelu = await testEngine({ now: clock.now })
    await lelu.tokens.revoke({ agent: 'trader-1' })
    await lelu.tokens.revoke({ agent: 'somebody-else' })
    clock.advance(1)
    const id = await approved(lelu)
    expect(await lelu.resume(id, () => 1)).toMatchObject({ status: 'executed' })
  })

  it('of a key voids every token of that key, whatever times it carries', async () => {
    const { lelu, id, token, sign, now } = await forge()
    const { kid } = lelu.tokens.jwks().keys[0] as { kid: string }
    await lelu.tokens.revoke({ key: kid })
    expect(await lelu.tokens.introspect(token)).toEqual({ active: false })
    expect(await lelu.tokens.introspect(await sign({ iat: now, exp: now + 300 }))).toEqual({
      active: false,
    })
    await expect(lelu.resume(id, vi.fn())).rejects.toMatchObject({
      details: { reason: 'token_revoked' },
    })
  })

  it('of a superseded token does not end the approval', async () => {
    const { lelu, id, token } = await forge()
    await lelu.tokens.mint(id)
    await lelu.tokens.revoke({ token })
    expect(await lelu.approvals.get(id)).toMatchObject({ state: 'approved' })
  })

  it('of nothing in particular is refused', async () => {
    const lelu = await testEngine()
    const nothing = [
      {},
      { agent: '' },
      { planet: 'x' },
      { __proto__: { agent: 'x' } },
      null,
      undefined,
    ]
    const several = [
      ...[
        { agent: 'x', all: false },
        { agent: 'x', user: 'y' },
        { agent: 'x', tenant: 'default' },
      ],
      ...[
        { agent: 'trader-1', approval: undefined },
        { approval: 'apr_x', token: 'y' },
      ],
    ]
    const noValues = [
      { all: false },
      { all: 1 },
      { approval: undefined },
      { token: 7 },
      { agent: {} },
    ]
    for (const target of [...nothing, ...several, ...noValues]) {
      await expect(lelu.tokens.revoke(target as never)).rejects.toMatchObject({
        code: 'LELU_REQUEST_INVALID',
      })
    }
  })
})

describe('keys', () => {
  it('show their public halves only', async () => {
    const lelu = await testEngine({ directory: temporaryFolder() })
    for (const key of lelu.tokens.jwks().keys)
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  })
})
