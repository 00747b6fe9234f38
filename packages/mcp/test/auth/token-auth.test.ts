import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readTokenFile, tokenAuth } from '../../src/index.ts'
import {
  bearer,
  initialize,
  message,
  openSession,
  raw,
  rpc,
  serve,
  whoami,
} from '../http/serving.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lelu-mcp-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const digest = (token: string) => createHash('sha256').update(token).digest('hex')

function fileOf(principals: unknown): string {
  const path = join(folder, 'principals.json')
  writeFileSync(path, typeof principals === 'string' ? principals : JSON.stringify({ principals }))
  chmodSync(path, 0o600)
  return path
}

const agent = { subject: { type: 'agent', id: 'trader-1' } }
const reviewer = { id: 'ann', groups: ['risk'] }

test('a token is known by its digest, and by nothing else', async () => {
  const auth = tokenAuth(readTokenFile(fileOf({ [digest('secret')]: agent })))
  const server = await serve({ tools: () => [whoami] }, { auth })
  const id = await openSession(server, bearer('secret'))
  const headers = { ...bearer('secret'), 'mcp-session-id': id }
  const answer = message(
    await raw(server, { headers, body: rpc('tools/call', { name: 'whoami', arguments: {} }) }),
  )
  expect(answer.result.content[0].text).toBe('token|["default","agent","trader-1"] call audit:read')
  for (const authorization of [
    '',
    'Bearer',
    'Bearer other',
    `Bearer ${digest('secret')}`,
    'Bearer secret, Bearer secret',
    'Basic secret',
    'secret',
  ]) {
    const refused = await raw(server, { headers: { authorization }, body: initialize })
    expect(refused.status, authorization).toBe(401)
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer/)
  }
})

test('only an entry that says so is a person who decides', () => {
  const principals = readTokenFile(
    fileOf({
      [digest('a')]: agent,
      [digest('b')]: { ...agent, scopes: ['call', 'approvals:decide'], reviewer },
    }),
  )
  expect(principals.get(digest('a'))).toMatchObject({ reviewer: null, tenant: 'default' })
  expect(principals.get(digest('b'))?.reviewer).toEqual({
    id: 'ann',
    groups: ['risk'],
    issuer: 'lelu-mcp:token',
    method: 'token',
  })
})

test('an agent is one for each user it acts for, and a token for the same one is the same principal', () => {
  const forUser = (id: string) => ({
    subject: { ...agent.subject, actingFor: { type: 'user', id } },
  })
  const principals = readTokenFile(
    fileOf({
      [digest('a')]: agent,
      [digest('b')]: forUser('ann'),
      [digest('c')]: forUser('bob'),
      [digest('d')]: { ...forUser('ann'), scopes: ['call'] },
      [digest('e')]: { ...forUser('ann'), tenant: 'acme' },
    }),
  )
  const keyOf = (token: string) => principals.get(digest(token))?.key
  expect(new Set(['a', 'b', 'c', 'e'].map(keyOf)).size).toBe(4)
  expect(keyOf('d')).toBe(keyOf('b'))
})

test('a file with a byte order mark is read like one without', () => {
  const text = `\ufeff${JSON.stringify({ principals: { [digest('a')]: agent } })}`
  expect([...readTokenFile(fileOf(text)).keys()]).toEqual([digest('a')])
})

test.each([
  ['no JSON', '{ secret'],
  ['no principals', '{}'],
  ['nothing in it', 'null'],
  ['a token instead of its digest', { secret: agent }],
  ['no subject', { [digest('a')]: {} }],
  ['a subject of no type', { [digest('a')]: { subject: { type: 'root', id: 'x' } } }],
  ['a scope that does not exist', { [digest('a')]: { ...agent, scopes: ['all'] } }],
  ['a key that is misspelt', { [digest('a')]: { ...agent, scope: ['call'] } }],
  ['a decider without a person', { [digest('a')]: { ...agent, scopes: ['approvals:decide'] } }],
  [
    'a person whose method it makes up',
    { [digest('a')]: { ...agent, reviewer: { id: 'x', method: 'oidc' } } },
  ],
  ['an empty tenant', { [digest('a')]: { ...agent, tenant: '' } }],
  ['principals that are a list', { principals: [] }],
  ['an entry that is none', { [digest('a')]: null }],
  ['a subject without a name', { [digest('a')]: { subject: { type: 'agent', id: '' } } }],
  ['a subject whose name is a number', { [digest('a')]: { subject: { type: 'agent', id: 7 } } }],
  [
    'a subject that acts for nothing known',
    { [digest('a')]: { subject: { ...agent.subject, actingFor: { type: 'root', id: 'x' } } } },
  ],
  ['scopes that are one text', { [digest('a')]: { ...agent, scopes: 'call' } }],
  ['a person that is a name', { [digest('a')]: { ...agent, reviewer: 'ann' } }],
  ['a person without a name', { [digest('a')]: { ...agent, reviewer: { groups: ['risk'] } } }],
  [
    'groups that are one text',
    { [digest('a')]: { ...agent, reviewer: { id: 'x', groups: 'risk' } } },
  ],
  ['a group without a name', { [digest('a')]: { ...agent, reviewer: { id: 'x', groups: [''] } } }],
])('a file with %s is refused whole, without quoting it', (_what, principals) => {
  const path = fileOf(principals)
  expect(() => readTokenFile(path)).toThrow(
    expect.objectContaining({ code: 'LELU_MCP_PRINCIPALS_INVALID' }),
  )
  expect(() => readTokenFile(path)).not.toThrow(/secret/)
})

test('a file that others can write is refused', () => {
  const path = fileOf({ [digest('a')]: agent })
  chmodSync(path, 0o622)
  expect(() => readTokenFile(path)).toThrow(/written by others/)
})

test('a file that is not there is refused', () => {
  expect(() => readTokenFile(join(folder, 'none.json'))).toThrow(/ENOENT/)
})
