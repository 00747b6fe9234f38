import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import { type HttpServer, type OAuthOptions, oauth, type Principal } from '../../src/index.ts'
import {
  bearer,
  closing,
  initialize,
  message,
  modern,
  raw,
  said,
  serve,
  tool,
} from '../http/serving.ts'

type Keys = Awaited<ReturnType<typeof generateKeyPair>>
let keys: Keys
let foreign: Keys
beforeAll(async () => {
  keys = await generateKeyPair('ES256')
  foreign = await generateKeyPair('ES256')
})

const resource = 'http://127.0.0.1:3003/mcp'
const issuer = 'https://login.example'

/** An authorization server's keys. */
async function jwks(status = 200): Promise<string> {
  const key = { ...(await exportJWK(keys.publicKey)), kid: '1', alg: 'ES256' }
  const server = createServer((_req, res) => {
    res.writeHead(status, { 'content-type': 'application/json' })
    res.end(JSON.stringify({ keys: [key] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing(async () => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
}

const seen: Principal[] = []
const look = tool('look', async (_input, { principal }) => {
  seen.push(principal)
  return said('seen')
})

async function served(options: Partial<OAuthOptions> = {}): Promise<HttpServer> {
  const jwksUrl = options.jwksUrl ?? (await jwks())
  const auth = oauth({ resource, issuer, jwksUrl, ...options })
  return serve({ tools: () => [look] }, { auth })
}

const good: JWTPayload = {
  iss: issuer,
  aud: resource,
  sub: 'user-7',
  client_id: 'cursor',
  scope: 'lelu:call openid',
}

type Made = { key?: Keys; header?: object; lifeSeconds?: number }

function token(claims: JWTPayload, { key = keys, header, lifeSeconds = 60 }: Made = {}) {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid: '1', typ: 'at+jwt', ...header })
    .setExpirationTime(now + lifeSeconds)
    .sign(key.privateKey)
}

async function principalOf(server: HttpServer, claims: JWTPayload): Promise<Principal | undefined> {
  seen.length = 0
  const { headers, body } = modern('tools/call', { name: 'look', arguments: {} })
  await raw(server, { headers: { ...headers, ...bearer(await token(claims)) }, body })
  return seen[0]
}

test('the client of a token is the agent, and acts for its user', async () => {
  const server = await served()
  expect(await principalOf(server, good)).toEqual({
    key: 'https://login.example|["default","cursor","user-7"]',
    subject: { type: 'agent', id: 'cursor', actingFor: { type: 'user', id: 'user-7' } },
    tenant: 'default',
    scopes: ['call'],
    reviewer: null,
  })
  const { client_id: _client, ...byUser } = good
  expect(await principalOf(server, byUser)).toMatchObject({
    subject: { type: 'user', id: 'user-7' },
  })
  expect(await principalOf(server, { ...byUser, azp: 'codex' })).toMatchObject({
    subject: { id: 'codex' },
  })
})

test('only a person with the deciding scope is a reviewer, by its issuer', async () => {
  const server = await served()
  const scope = 'lelu:call lelu:approvals:decide'
  expect((await principalOf(server, { ...good, scope, groups: ['risk', 7] }))?.reviewer).toEqual({
    id: 'user-7',
    issuer,
    method: 'oauth',
    groups: ['risk'],
  })
  const machine = { ...good, scope, sub: 'cursor' }
  expect(await principalOf(server, machine)).toMatchObject({
    subject: { type: 'service', id: 'cursor' },
    reviewer: null,
  })
})

test('scopes that stand for nothing of ours give nothing', async () => {
  const server = await served()
  expect(
    await principalOf(server, { ...good, scope: 'call audit:read constructor' }),
  ).toBeUndefined()
  const scope = 'lelu:call constructor __proto__'
  expect((await principalOf(server, { ...good, scope }))?.scopes).toEqual(['call'])
  const scp = ['lelu:call', 'lelu:audit:read']
  const { scope: _scope, ...more } = good
  expect(await principalOf(server, { ...more, scp })).toMatchObject({
    scopes: ['call', 'audit:read'],
  })
})

test('the tenant is the one of its claim, and a token without such a one is refused', async () => {
  const server = await served({ claims: { tenant: 'org' }, tenant: 'ignored' })
  expect(await principalOf(server, { ...good, org: 'acme' })).toMatchObject({
    key: 'https://login.example|["acme","cursor","user-7"]',
    tenant: 'acme',
  })
  for (const org of [undefined, '', 7, ['acme'], 'x'.repeat(513)]) {
    const value = await token({ ...good, org })
    const answer = await raw(server, { headers: bearer(value), body: initialize })
    expect(answer.status, String(org)).toBe(401)
  }
  const unnamed = { ...good, sub: 'x'.repeat(513), org: 'acme' }
  const answer = await raw(server, { headers: bearer(await token(unnamed)), body: initialize })
  expect(answer.status).toBe(401)
})

test('a token that is not meant for this server, or not valid, is refused', async () => {
  const server = await served()
  const { aud: _aud, ...withoutAudience } = good
  const { sub: _sub, ...withoutSubject } = good
  const none = new TextEncoder().encode(JSON.stringify(await exportJWK(keys.publicKey)))
  const hmac = new SignJWT(good).setProtectedHeader({ alg: 'HS256', kid: '1' })
  const tokens = {
    'another audience': await token({ ...good, aud: 'https://other.example/mcp' }),
    'no audience': await token(withoutAudience),
    'another issuer': await token({ ...good, iss: 'https://evil.example' }),
    'no subject': await token(withoutSubject),
    expired: await token(good, { lifeSeconds: -60 }),
    'without an end': await new SignJWT(good)
      .setProtectedHeader({ alg: 'ES256', kid: '1', typ: 'at+jwt' })
      .sign(keys.privateKey),
    'signed by another key': await token(good, { key: foreign }),
    'signed with the public key': await hmac.setExpirationTime('1m').sign(none),
    'an ID token': await token({ ...good, nonce: 'x' }),
    'another kind of token': await token(good, { header: { typ: 'logout+jwt' } }),
    'no JWT': 'secret',
    'no signature': `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(good))}.`.replaceAll('=', ''),
  }
  for (const [what, value] of Object.entries(tokens)) {
    const answer = await raw(server, { headers: bearer(value), body: initialize })
    expect(answer.status, what).toBe(401)
    expect(answer.headers['www-authenticate'], what).toContain('error="invalid_token"')
  }
  const ok = await raw(server, { headers: bearer(await token(good)), body: initialize })
  expect(ok.status).toBe(200)
})

test('whoever has no token is told where to get one, and a client finds the metadata there', async () => {
  const server = await served()
  for (const [path, name] of [
    ['/mcp', 'mcp'],
    ['/sse', 'sse'],
  ] as const) {
    const answer = await raw(server, { path, body: initialize })
    expect(answer.status).toBe(401)
    const challenge = answer.headers['www-authenticate'] ?? ''
    const url = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? ''
    expect(url).toBe(`http://127.0.0.1:3003/.well-known/oauth-protected-resource/${name}`)
    expect(challenge).toMatch(/scope="lelu:call lelu:approvals:read/)
    expect(challenge).not.toContain('error=')
    const document = await raw(server, { method: 'GET', path: new URL(url).pathname })
    expect(JSON.parse(document.text)).toMatchObject({
      resource: `http://127.0.0.1:3003/${name}`,
      authorization_servers: [issuer],
    })
  }
  const root = await raw(server, { method: 'GET', path: '/.well-known/oauth-protected-resource' })
  expect(JSON.parse(root.text)).toMatchObject({ resource })
})

test('a token for one address of this server is good for the other', async () => {
  const server = await served()
  const value = await token({ ...good, aud: 'http://127.0.0.1:3003/sse' })
  expect((await raw(server, { headers: bearer(value), body: initialize })).status).toBe(200)
})

test('a token without the scope for calls is asked to come back with it', async () => {
  const server = await served()
  const value = await token({ ...good, scope: 'openid' })
  const answer = await raw(server, { headers: bearer(value), body: initialize })
  expect(answer.status).toBe(403)
  expect(answer.headers['www-authenticate']).toMatch(/error="insufficient_scope".*scope="lelu:call/)
})

test('where the keys cannot be read nobody gets in, and nobody is told that the token is bad', async () => {
  const server = await served({ jwksUrl: await jwks(500) })
  const answer = await raw(server, { headers: bearer(await token(good)), body: initialize })
  expect(answer.status).toBe(503)
  expect(message(answer).error.message).toContain('LELU_MCP_KEYS_UNAVAILABLE')
})

test('an authorization server that could be listened to is refused', () => {
  const options = { resource, issuer, jwksUrl: 'https://login.example/jwks' }
  for (const wrong of [
    { issuer: 'http://login.example' },
    { jwksUrl: 'http://login.example/jwks' },
    { resource: 'lelu' },
  ])
    expect(() => oauth({ ...options, ...wrong })).toThrow(
      expect.objectContaining({ code: 'LELU_MCP_OPTIONS_INVALID' }),
    )
})
