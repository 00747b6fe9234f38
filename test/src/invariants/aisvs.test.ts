// OWASP AISVS 1.0, chapter 9 (orchestration and agentic action), over the embedded SQLite file. The names say what holds.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { readRecords } from '@lelu/audit/reading'
import {
  type Approval,
  createLelu,
  type Lelu,
  type LeluOptions,
  newKeyRing,
  openReviewDesk,
} from '@lelu/engine'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { testCache } from '../support/cache.ts'
import { temporaryFolder } from '../support/processes.ts'
import { approve, bob, overview, rego, suspend, trade } from './support.ts'

const bin = fileURLToPath(new URL('../../../packages/cli/src/bin.ts', import.meta.url))
const carol = { ...bob, id: 'carol' }

/** Asks two people each time, within the hour. */
const two = rego(`package lelu.authz
require_approval contains {"id": "two", "quorum": 2, "expires_in": "1h"} if input.action == "trade"`)
const nothing = rego('package lelu.authz\nallow := false')

/** An engine over the SQLite file of its folder. */
async function open(directory: string, options: Partial<LeluOptions> = {}): Promise<Lelu> {
  const policies = rego(overview)
  const lelu = await createLelu({ directory, policies, cache: testCache, ...options })
  onTestFinished(() => lelu.close())
  return lelu
}

function cli(directory: string, ...words: string[]): string {
  const line = ['--conditions=lelu:source', bin, '--directory', directory, ...words]
  const { status, stdout, stderr } = spawnSync(process.execPath, line, { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

/** Runs a script in a process that is given these words and nothing else. */
function elsewhere(script: string, ...words: string[]): string {
  const options = { encoding: 'utf8', cwd: temporaryFolder(), env: {} } as const
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script, ...words], options)
  expect(stderr).toBe('')
  return stdout.trim()
}

describe('AISVS C9, over SQLite', () => {
  it('9.2.1 a call that needs approval is blocked until everybody who must approve it has, and that was verified', async () => {
    const lelu = await open(temporaryFolder(), { policies: two })
    const id = await suspend(lelu)
    const tool = vi.fn(() => 'ran')
    expect(await lelu.resume(id, tool)).toMatchObject({ status: 'suspended' })
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    expect(await lelu.resume(id, tool)).toMatchObject({ status: 'suspended' })
    await expect(lelu.tokens.mint(id)).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
    expect(tool).not.toHaveBeenCalled()
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: carol })
    expect(await lelu.resume(id, tool)).toMatchObject({ status: 'executed', value: 'ran' })
    expect(tool).toHaveBeenCalledOnce()
  })

  it('9.2.2 a reviewer is shown the whole input, 50 KB with control and bidirectional characters made visible, and it runs as shown', async () => {
    const directory = temporaryFolder()
    const lelu = await open(directory)
    const hidden = '\u001b[2J\u001b[8m\u202egnp.exe\u2066\u200b\u0007\r\u0000'
    const orders = Array.from({ length: 1200 }, (_, n) => ({ n, note: `order ${n} of the day` }))
    const input = { orders, [hidden]: hidden, last: `${'x'.repeat(5000)} and then wire it all out` }
    expect(JSON.stringify(input).length).toBeGreaterThan(50_000)
    const id = await suspend(lelu, { input })

    const shown = cli(directory, 'approvals', 'show', id)
    const [, digest = '', whole = ''] =
      /Input, whole \(digest ([^)]+)\)\n([\s\S]*)$/.exec(shown) ?? []
    expect(shown).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
    expect(shown).toContain('\\u202egnp.exe')
    expect(JSON.parse(whole)).toEqual(input)
    const json = cli(directory, 'approvals', 'show', id, '--json')
    expect(json).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
    expect((JSON.parse(json) as Approval).request.call.input).toEqual(input)
    cli(directory, 'approvals', 'approve', id, '--digest', digest)
    const tool = vi.fn()
    await lelu.resume(id, tool)
    expect(tool.mock.calls[0]?.[0]).toMatchObject({ input: JSON.parse(whole) })
  })

  it('9.2.8 a token is bound to the parameters, the requester, the run and the approval, and its nonce is used once', async () => {
    const directory = temporaryFolder()
    const lelu = await open(directory)
    const ask = (call: string, amount: number, run = 'run-1') => {
      const asked = trade(0.85, { id: call, input: { symbol: 'ACME', amount } })
      return lelu.guard({ ...asked, run }, () => 'ran')
    }
    const first = await ask('call-1', 100)
    if (first.status !== 'suspended') throw new Error(first.status)
    const { id, digest } = first.approval
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    const { token, jti } = await lelu.tokens.mint(id)
    expect(await lelu.tokens.verify(token)).toMatchObject({
      jti,
      ...{ sub: 'user:alice', act: { sub: 'agent:trader-1' }, tenant: 'default', txn: 'run-1' },
      authorization_details: [
        {
          ...{ approval_id: id, call_id: 'call-1', tool: 'trade', input_sha256: digest },
          policy: { revision: lelu.policy.revision, decision_id: first.decision.id },
        },
      ],
    })
    const [header, body = '', signature] = token.split('.')
    const changed = Buffer.from(body, 'base64url').toString().replace('alice', 'mallo')
    const forged = [header, Buffer.from(changed).toString('base64url'), signature].join('.')
    await expect(lelu.tokens.verify(forged)).rejects.toMatchObject({ code: 'LELU_TOKEN_REFUSED' })

    const tool = vi.fn(() => 'ran')
    await expect(lelu.resume(id, tool, { agent: 'trader-2' })).rejects.toThrow()
    await expect(lelu.resume(id, tool, { tenant: 'other' })).rejects.toThrow()
    await expect(ask('call-1', 999)).rejects.toMatchObject({ code: 'LELU_APPROVAL_CONFLICT' })
    // Another call or another run with the same parameters is not the one that was approved.
    expect((await ask('call-2', 100)).status).toBe('suspended')
    expect((await ask('call-1', 100, 'run-2')).status).toBe('suspended')
    expect(tool).not.toHaveBeenCalled()

    const again = await lelu.tokens.mint(id)
    expect(await lelu.tokens.introspect(token)).toEqual({ active: false })
    expect(await lelu.tokens.introspect(again.token)).toMatchObject({ active: true })
    expect(await lelu.resume(id, tool)).toMatchObject({ status: 'executed' })
    expect(await lelu.tokens.introspect(again.token)).toEqual({ active: false })
    expect(await lelu.resume(id, tool)).toMatchObject({ replayed: true })
    expect(tool).toHaveBeenCalledOnce()
  })

  // Not more: a process that has the whole engine in it has the private key too. Apart from the agent is who verifies.
  it('9.2.9 a process with the public keys alone verifies a token and can make none; the private key is in one file of its owner', async () => {
    const directory = temporaryFolder()
    const lelu = await open(directory)
    const { token } = await lelu.tokens.mint(await approve(lelu))
    const jwks = JSON.stringify(lelu.tokens.jwks())
    expect(jwks).not.toContain('"d"')
    const script = `
      const { createPublicKey, sign, verify } = require('node:crypto')
      const [token, jwks] = process.argv.slice(1)
      const [header, body, signature] = token.split('.')
      const { kid } = JSON.parse(Buffer.from(header, 'base64url'))
      const jwk = JSON.parse(jwks).keys.find((key) => key.kid === kid)
      const key = createPublicKey({ key: jwk, format: 'jwk' })
      const signed = Buffer.from(header + '.' + body)
      let made = 'made one'
      try { sign(null, signed, key) } catch { made = 'cannot make one' }
      console.log(verify(null, signed, key, Buffer.from(signature, 'base64url')), made)`
    expect(elsewhere(script, token, jwks)).toBe('true cannot make one')

    expect(statSync(join(directory, 'keys')).mode & 0o777).toBe(0o700)
    expect(statSync(join(directory, 'keys/keyring.json')).mode & 0o777).toBe(0o600)
    const ring = newKeyRing(0)
    const publicOnly = ring.signing.map(({ jwk: { d: _private, ...jwk }, ...key }) => ({
      ...key,
      jwk,
    }))
    const withThem = open(temporaryFolder(), { keys: { ...ring, signing: publicOnly } })
    await expect(withThem).rejects.toMatchObject({ code: 'LELU_KEYS_INVALID' })
    const desk = await openReviewDesk({ directory })
    await desk.close()
    expect(desk.tokens).not.toHaveProperty('mint')
  })

  const another = (column: string) => `(SELECT ${column} FROM lelu_approval WHERE id <> :id)`
  it.each([
    ...["tenant = 'other'", "state = 'approved'", 'rev = rev + 1', "idem = 'call'"],
    ...['created_at = 0', "attempt = 'another'"],
    `body = replace(body, '"amount":100', '"amount":999')`,
    `body = replace(body, '"state":"pending"', '"state":"approved"')`,
    ...[`body = ${another('body')}`, `seal = ${another('seal')}`],
  ])(
    '9.4.4 stored state changed without the key neither runs nor is reviewed, and is named: %s',
    async (changed) => {
      const directory = temporaryFolder()
      const lelu = await open(directory)
      const id = await suspend(lelu)
      await approve(lelu, { id: 'call-2' })
      const database = new DatabaseSync(join(directory, 'approvals.db'))
      const update = `UPDATE lelu_approval SET ${changed} WHERE id = :id`
      const { changes } = database.prepare(update).run({ id })
      database.close()
      expect(changes).toBe(1)
      const tool = vi.fn()
      const altered = { code: 'LELU_APPROVAL_ALTERED' }
      await expect(lelu.resume(id, tool)).rejects.toMatchObject(altered)
      const review = lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
      await expect(review).rejects.toMatchObject(altered)
      expect((await lelu.approvals.list()).altered).toEqual([id])
      expect(tool).not.toHaveBeenCalled()
    },
  )

  it('9.5.6 the policy of today decides every call and every redeem, whatever was decided before', async () => {
    const directory = temporaryFolder()
    const before = await open(directory)
    const id = await approve(before)
    const decisions = async () => {
      let count = 0
      for await (const { record } of readRecords({ directory: join(directory, 'audit') }))
        if (record.kind === 'decision') count += 1
      return count
    }
    const already = await decisions()
    const next = await before.guard(trade(0.97, { id: 'call-2' }), () => 'ran')
    expect(next.status).toBe('executed')
    expect(await decisions()).toBe(already + 1)
    await before.close()
    const today = await open(directory, { policies: nothing })
    const tool = vi.fn()
    expect(await today.resume(id, tool)).toMatchObject({
      status: 'denied',
      decision: { effect: 'deny', reasons: [{ id: 'policy_changed' }] },
    })
    expect((await today.guard(trade(0.97, { id: 'call-3' }), tool)).status).toBe('denied')
    expect(tool).not.toHaveBeenCalled()
    expect(await decisions()).toBe(already + 3)
  })

  it('9.6.2 a call that is not approved in time is blocked for good, and so is one that does not run in time', async () => {
    let time = Date.UTC(2026, 10, 22)
    const hour = 3_600_000
    const options = { policies: two, now: () => time, executeWithinMs: hour }
    const lelu = await open(temporaryFolder(), options)
    const votes = async (id: string) => {
      for (const reviewer of [bob, carol])
        await lelu.approvals.review(id, { verdict: 'approve', reviewer })
    }
    const [late, idle] = [await suspend(lelu), await suspend(lelu, { id: 'call-2' })]
    await lelu.approvals.review(late, { verdict: 'approve', reviewer: bob })
    await votes(idle)
    time += hour
    const tool = vi.fn()
    await expect(
      lelu.approvals.review(late, { verdict: 'approve', reviewer: carol }),
    ).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE', details: { state: 'expired' } })
    for (const id of [late, idle])
      expect(await lelu.resume(id, tool)).toMatchObject({
        status: 'denied',
        decision: { reasons: [{ id: 'approval_expired' }] },
      })
    expect(tool).not.toHaveBeenCalled()
  })
})
