import { Keyv } from 'keyv'
import { describe, expect, it, onTestFinished } from 'vitest'
import { beginDecision } from '../../src/execution/decide.ts'
import { type RedeemOptions, redeem } from '../../src/execution/redeem.ts'
import { recordInput } from '../../src/recorded/record-input.ts'
import { gateRequest } from '../../src/request/gate.ts'
import { openStorage } from '../../src/storage.ts'
import type { ApprovalClaims } from '../../src/tokens/claims.ts'
import { verifyToken } from '../../src/tokens/verify-token.ts'
import { approved, overview, temporaryFolder, testEngine } from '../support.ts'

/** An approved call, and the redeem of it with a token whose claims come back as `told` makes them. */
async function redeeming(
  told: (claims: ApprovalClaims) => ApprovalClaims,
  more: Partial<RedeemOptions> = {},
) {
  const shared = { directory: temporaryFolder(), store: new Keyv() }
  const lelu = await testEngine(shared)
  const id = await approved(lelu)
  const storage = await openStorage({ ...shared, audit: lelu.audit })
  onTestFinished(() => storage.close())
  const { records, revocations, keys, audit, now, stopped } = storage
  const { approveWithinMs } = storage
  const recording = recordInput()
  const deciding = {
    policy: overview,
    audit,
    now,
    stopped,
    approveWithinMs,
    recordInput: recording,
  }
  const names = { issuer: 'urn:test', audience: 'urn:test:executor' }
  const options: RedeemOptions = {
    ...{ records, revocations, stopped, keys, now, ...names, tokenSeconds: 60, leaseMs: 1000 },
    verify: async (token) => told(await verifyToken(token, { keys, now, ...names })),
    gate: (request) => gateRequest(request, {}),
    begin: (gated, asked) => beginDecision(gated, deciding, asked),
    ...more,
  }
  return { claim: redeem(await records.load(id), options), lelu, id }
}

describe('a redeem', () => {
  it('claims the call with a token that says what the record says', async () => {
    const { claim } = await redeeming((claims) => claims)
    expect(await claim).toMatchObject({ record: { state: 'executing', grant: null } })
  })

  it.each<[string, string, Partial<ApprovalClaims>]>([
    ['id', 'token_superseded', { jti: 'another' }],
    ['tenant', 'token_tenant', { tenant: 'other' }],
    ['agent', 'token_subject', { act: { sub: 'agent:other' } }],
    ['client', 'token_subject', { client_id: 'agent:other' }],
    ['run', 'token_call', { txn: 'other' }],
    ['call', 'token_call', { authorization_details: [{ max_uses: 1 } as never] }],
  ])('claims nothing with a token of another %s', async (_what, reason, other) => {
    const { claim, lelu, id } = await redeeming((claims) => ({ ...claims, ...other }))
    await expect(claim).rejects.toMatchObject({ code: 'LELU_TOKEN_REFUSED', details: { reason } })
    expect(await lelu.approvals.get(id)).toMatchObject({ state: 'approved' })
  })

  it('claims nothing with a token that does not verify', async () => {
    const { claim, lelu, id } = await redeeming(() => {
      throw new Error('no such key')
    })
    await expect(claim).rejects.toThrow('no such key')
    expect(await lelu.approvals.get(id)).toMatchObject({ state: 'approved' })
  })

  // Else the log could have a redeem without the decision that it refers to.
  it('claims nothing before the decision that lets it is written', async () => {
    const written = Promise.reject(new Error('the log is full'))
    written.catch(() => {}) // waited for later
    const recorded = new Promise<never>(() => {})
    const decided = { effect: 'allow' as const, id: 'd', digest: '', blind: '', requirements: [] }
    const begin = async () => ({ ...decided, written, recorded })
    const { claim, lelu, id } = await redeeming((claims) => claims, { begin })
    await expect(claim).rejects.toThrow('the log is full')
    expect(await lelu.approvals.get(id)).toMatchObject({ state: 'approved' })
  })
})
