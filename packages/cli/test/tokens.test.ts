import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { createLelu, type Lelu } from '@lelu/engine'
import { expect, test } from 'vitest'
import {
  policyOf,
  queueOfOne,
  requirement,
  run,
  runBin,
  suspended,
  trade,
  withEngine,
} from './support.ts'

const bob = { id: 'bob', issuer: 'test', method: 'test' }

async function approveAndMint(lelu: Lelu, id: string): Promise<string> {
  await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
  return (await lelu.tokens.mint(id)).token
}

/** A directory with one approved call and its token. */
async function minted(): Promise<{ directory: string; id: string; token: string }> {
  const { directory, id } = await queueOfOne()
  return { directory, id, token: await withEngine(directory, (lelu) => approveAndMint(lelu, id)) }
}

test('a live token is active and says what it is for; the token on standard input is as good as an argument', async () => {
  const { directory, id, token } = await minted()
  const { code, stdout, stderr } = await runBin(['tokens', 'introspect', '-', '-C', directory], {
    stdin: `${token}\n`,
  })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^Active/)
  expect(stdout).toContain(id)
  expect(stdout).not.toContain(token)
  const json = JSON.parse(
    (await run(['tokens', 'introspect', token, '--json', '-C', directory])).stdout,
  )
  expect(json).toMatchObject({
    active: true,
    authorization_details: [{ approval_id: id, tool: 'trade' }],
  })
})

test('anything else is inactive, and nothing more is said', async () => {
  const { directory } = await minted()
  for (const token of ['', 'nonsense', 'a.b.c']) {
    const { code, stdout } = await run(['tokens', 'introspect', '-', '--json', '-C', directory], {
      stdin: token,
    })
    expect(JSON.parse(stdout)).toEqual({ active: false })
    expect(code).toBe(0)
  }
  expect((await run(['tokens', 'introspect', 'x', '-C', directory])).stdout).toMatch(/^Not active/)
})

test('an engine with an audience of its own is asked with that audience', async () => {
  const { directory, id } = await queueOfOne()
  const policies = policyOf({ effect: 'require_approval', requirements: [requirement()] })
  const lelu = await createLelu({ directory, policies, audience: 'urn:mine' })
  const token = await approveAndMint(lelu, id)
  await lelu.close()
  const ask = async (...flags: string[]) =>
    JSON.parse(
      (await run(['tokens', 'introspect', token, '--json', '-C', directory, ...flags])).stdout,
    ).active
  expect(await ask('--audience', 'urn:mine')).toBe(true)
  expect(await ask()).toBe(false)
})

const targets: [
  flag: string,
  value: (given: { id: string; token: string; kid: string }) => string[],
][] = [
  ['--token', ({ token }) => [token]],
  ['--approval', ({ id }) => [id]],
  ['--agent', () => ['trader-1']],
  ['--user', () => ['alice']],
  ['--key', ({ kid }) => [kid]],
  ['--tenant', () => ['default']],
  ['--all', () => []],
]

for (const [flag, value] of targets) {
  test(`revoke ${flag} voids the token in every process, by the user of the operating system`, async () => {
    const { directory, id, token } = await minted()
    const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
    const argv = [
      'tokens',
      'revoke',
      flag,
      ...value({ id, token, kid }),
      '--reason',
      'leaked',
      '-C',
      directory,
    ]
    const { code, stderr } = await run(argv, { env: { USER: 'mallory' } })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const asked = await run(['tokens', 'introspect', token, '--json', '-C', directory])
    expect(JSON.parse(asked.stdout)).toEqual({ active: false })
    const { stdout } = await run(['audit', 'tail', '--json', '-n', '100', '-C', directory])
    const revoked = stdout.split('\n').filter((line) => line.includes('"token.revoked"'))
    const reviewer = { id: userInfo().username, issuer: `os:${hostname()}`, method: 'os-user' }
    expect(JSON.parse(revoked[0] ?? '')).toMatchObject({ reviewer, reason: 'leaked' })
  })
}

test('revoking one agent leaves the others alone', async () => {
  const { directory, token } = await minted()
  await run(['tokens', 'revoke', '--agent', 'another', '-C', directory])
  const { stdout } = await run(['tokens', 'introspect', token, '--json', '-C', directory])
  expect(JSON.parse(stdout).active).toBe(true)
})

test('a token that is no token cannot be revoked, and says why; it is not repeated in the message', async () => {
  const { directory } = await minted()
  const { code, stderr } = await run([
    'tokens',
    'revoke',
    '--token',
    'secret-thing',
    '-C',
    directory,
  ])
  expect(stderr).toContain('LELU_TOKEN_REFUSED')
  expect(stderr).not.toContain('secret-thing')
  expect(code).toBe(1)
})

test('a pending approval is cancelled, not revoked', async () => {
  const { directory } = await minted()
  const id = await suspended(directory, trade())
  const { code, stderr } = await run(['tokens', 'revoke', '--approval', id, '-C', directory])
  expect(stderr).toContain('LELU_APPROVAL_STATE')
  expect(code).toBe(1)
  expect((await run(['approvals', 'cancel', id, '-C', join(directory)])).code).toBe(0)
})

test('an endless standard input is not read to its end', async () => {
  const { directory } = await queueOfOne()
  const stdin = 'x'.repeat(1_000_000)
  const { code, stderr } = await runBin(['tokens', 'introspect', '-', '-C', directory], { stdin })
  expect(stderr).toContain('LELU_INPUT_TOO_LARGE')
  expect(code).toBe(1)
})
