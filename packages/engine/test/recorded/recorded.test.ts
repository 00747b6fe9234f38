import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalJson, openingHolds } from '@lelu/audit'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { jsonDigest } from '../../src/digest.ts'
import { type DecisionRequest, type LeluOptions, openReviewDesk } from '../../src/index.ts'
import { approved, bob, suspended, temporaryFolder, testEngine, trade } from '../support.ts'
import { recordsOf } from './support.ts'

const request: DecisionRequest = trade(
  0.97,
  {},
  {
    resource: { type: 'account', id: '42', properties: { owner: 'Ada Example', tier: 'gold' } },
    context: { environment: 'staging', address: '12 Analytical Row' },
  },
)
const committed = { $c: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) }
const hash = expect.stringMatching(/^[0-9a-f]{32}$/)

async function engine(options: Partial<LeluOptions> = {}) {
  const directory = temporaryFolder()
  return { directory, lelu: await testEngine({ directory, ...options }) }
}

describe('the record of a decision', () => {
  it('shows nothing of input, context and properties unless it is told to', async () => {
    const { directory, lelu } = await engine()
    await lelu.decide(request)
    const [record] = await recordsOf(directory, 'decision')
    expect(record).toMatchObject({
      input: committed,
      context: committed,
      resource: { type: 'account', id: '42', properties: committed },
      data_subject: hash,
    })
    expect(JSON.stringify(record)).not.toMatch(/ACME|100|Ada|gold|Analytical|staging/)
  })

  it('shows the fields that are allowed for its tool, and proves the others when they are revealed', async () => {
    const auditInput = {
      clear: { trade: ['/symbol'], '*': ['/amount'] },
      context: ['/environment'],
      resource: ['/tier'],
    }
    const { directory, lelu } = await engine({ auditInput })
    await lelu.decide(request)
    await lelu.decide({ ...request, call: { id: 'c2', tool: 'constructor', input: { amount: 7 } } })
    const [record = {}, other] = await recordsOf(directory, 'decision')
    expect(record).toMatchObject({
      input: { symbol: 'ACME', amount: committed },
      context: { environment: 'staging', address: committed },
      resource: { properties: { owner: committed, tier: 'gold' } },
    })
    expect(other).toMatchObject({ input: { amount: 7 } })
    const { status, openings, altered } = await lelu.inputs.reveal(record)
    expect({ status, altered }).toEqual({ status: 'shown', altered: 0 })
    const values = Object.fromEntries(openings.map(({ path, value }) => [path, value]))
    expect(values).toEqual({
      '/input/amount': 100,
      '/context/address': '12 Analytical Row',
      '/resource/properties/owner': 'Ada Example',
      '/input_digest': expect.any(String),
    })
  })

  it('holds no digest that would confirm a guess at a short input', async () => {
    const { directory, lelu } = await engine()
    const id = await approved(lelu)
    const { digest } = await lelu.approvals.get(id)
    await lelu.resume(id, () => 'a short result')
    await lelu.guard(trade(0.97, { id: 'c2' }), () => 'a short result').catch(() => {})
    await lelu
      .guard(trade(0.97, { id: 'c3' }), () => {
        throw new Error('a short message')
      })
      .catch(() => {})
    const guesses = [
      digest,
      jsonDigest('lelu.result.v1', 'a short result'),
      jsonDigest('lelu.failure.v1', 'a short message'),
    ]
    const all = await recordsOf(directory)
    expect(all.filter(({ kind }) => kind === 'outcome')).toHaveLength(3)
    for (const record of all)
      for (const guess of guesses) expect(canonicalJson(record)).not.toContain(guess)
  })

  it('lets the digests of one call be compared, and shown with its salt', async () => {
    const { directory, lelu } = await engine()
    const id = await approved(lelu)
    const { digest } = await lelu.approvals.get(id)
    await lelu.resume(id, () => 'done')
    const told = (await recordsOf(directory)).filter(({ input_digest: one }) => one !== undefined)
    expect(told.map(({ kind }) => kind)).toEqual([
      ...['decision', 'approval.requested', 'approval.decided', 'decision'],
      ...['token.minted', 'token.redeemed', 'outcome'],
    ])
    expect(new Set(told.map((record) => record.input_digest)).size).toBe(1)
    const { openings } = await lelu.inputs.reveal(told[0] ?? {})
    const opening = openings.find(({ path }) => path === '/input_digest')
    expect(opening?.value).toBe(digest)
    const salt = opening?.salt ?? ''
    const result = { path: '/result/digest', salt, value: jsonDigest('lelu.result.v1', 'done') }
    const outcome = told.at(-1) ?? {}
    expect(openingHolds(outcome, result)).toBe(true)
    expect(openingHolds(outcome, { ...result, value: jsonDigest('lelu.result.v1', 'other') })).toBe(
      false,
    )
    await lelu.decide(trade(0.97, { id: 'again' }))
    const last = (await recordsOf(directory, 'decision')).at(-1)
    expect(last?.input_digest).not.toBe(told[0]?.input_digest) // the same input in another call
  })

  it('stays within the longest line for the largest input, whatever is to be in clear', async () => {
    const clear = { '*': [''] }
    const { directory, lelu } = await engine({
      auditInput: { clear, context: [''], resource: [''] },
    })
    const long = { text: '\u0001'.repeat(100_000) }
    await lelu.decide(
      trade(
        0.97,
        { input: long },
        { context: long, resource: { type: 't', id: 'r'.repeat(1024), properties: long } },
      ),
    )
    expect((await recordsOf(directory, 'decision'))[0]).toMatchObject({
      input: committed,
      context: committed,
    })
  })

  it('keeps no values when told so, and says nothing of a subject', async () => {
    const { directory, lelu } = await engine({ auditInput: { openings: false } })
    await lelu.decide(request)
    const [record = {}] = await recordsOf(directory, 'decision')
    expect(record).toMatchObject({ input: committed })
    expect(record).not.toHaveProperty('data_subject')
    expect(await lelu.inputs.reveal(record)).toMatchObject({ status: 'missing' })
    await lelu.close()
    expect(existsSync(join(directory, 'openings'))).toBe(false)
  })
})

describe('the person that values are kept for', () => {
  const by = { by: bob, reason: 'asked to' }

  it('is the last user of the chain, else the agent; erased, nothing of them can be shown', async () => {
    const { directory, lelu } = await engine()
    const eveAsked = { id: 'b', type: 'service', actingFor: { id: 'eve', type: 'user' } } as const
    const clerk = { id: 'clerk', type: 'user', actingFor: eveAsked } as const
    const chain = { id: 'a', type: 'agent', actingFor: clerk } as const
    await lelu.decide({ ...request, subject: chain })
    await lelu.decide({ ...request, subject: { id: 'alone', type: 'agent' } })
    const [eve = {}, alone = {}] = await recordsOf(directory, 'decision')
    await lelu.inputs.reveal(eve)
    await lelu.inputs.erase('eve', by)
    expect((await lelu.inputs.reveal(eve)).status).toBe('erased')
    expect((await lelu.inputs.reveal(alone)).status).toBe('shown')
    await lelu.inputs.erase('alone', by)
    expect((await lelu.inputs.reveal(alone)).status).toBe('erased')
    const erasures = await recordsOf(directory, 'erasure')
    expect(erasures).toMatchObject([{ reviewer: bob, reason: 'asked to', keys: 1 }, { keys: 1 }])
    expect(JSON.stringify(erasures)).not.toContain('eve')
  })

  it('can be erased at a desk of its own, of the tenant that is named', async () => {
    const { directory, lelu } = await engine({
      auditInput: { subject: ({ call }) => String(call.id) },
    })
    await lelu.decide({ ...request, tenant: 'a' })
    await lelu.decide({ ...request, tenant: 'b' })
    await lelu.close()
    const desk = await openReviewDesk({ directory })
    expect(await desk.inputs.erase('call-1', { ...by, tenant: 'a' })).toMatchObject({ keys: 1 })
    const [a = {}, b = {}] = await recordsOf(directory, 'decision')
    expect((await desk.inputs.reveal(a)).status).toBe('erased')
    expect((await desk.inputs.reveal(b)).status).toBe('shown')
    const refused = { code: 'LELU_REVIEW_INVALID' }
    await expect(desk.inputs.erase('call-1', { ...by, by: {} as never })).rejects.toMatchObject(
      refused,
    )
    await desk.close()
  })

  it('may be nobody; a function that fails costs the values, not the decision', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warn.mockRestore())
    const answers = [null, '', 7, new Error('no such customer')]
    const subject = () => {
      const answer = answers.shift()
      if (answer instanceof Error) throw answer
      return answer as string
    }
    const { directory, lelu } = await engine({ auditInput: { subject } })
    for (const id of ['1', '2', '3', '4']) {
      expect(await lelu.decide(trade(0.97, { id }))).toMatchObject({ effect: 'allow' })
    }
    for (const record of await recordsOf(directory, 'decision')) {
      expect(record).not.toHaveProperty('data_subject')
      expect((await lelu.inputs.reveal(record)).status).toBe('missing')
    }
    expect(warn).toHaveBeenCalledTimes(1)
  })
})

describe('the option auditInput', () => {
  it.each<[string, unknown, RegExp]>([
    ['that is no object', 'clear', /no object/],
    ['with a misspelt member', { claer: {} }, /no `claer`/],
    ['with paths of no tool', { clear: ['/a'] }, /`clear` is no object/],
    ['with a path that is none', { clear: { trade: ['amount'] } }, /clear of trade.*amount/],
    ['with one path in place of a list', { context: '/a' }, /context/],
    ['with a subject that is no function', { subject: 'ada' }, /`subject` is no function/],
    ['with a word for openings', { openings: 'no' }, /neither true nor false/],
  ])('%s is refused with what to do', async (_what, auditInput, message) => {
    const refused = { code: 'LELU_OPTIONS_INVALID', message: expect.stringMatching(message) }
    const opening = engine({ auditInput: auditInput as never })
    await expect(opening).rejects.toMatchObject({ ...refused, help: expect.any(String) })
  })
})

describe('a vote that edits', () => {
  it('is recorded with the reviewer, and the digest before and after', async () => {
    const { directory, lelu } = await engine()
    const schema = { type: 'object' }
    const id = await suspended(lelu, { schema })
    await lelu.approvals.review(id, {
      verdict: 'approve',
      reviewer: bob,
      input: { symbol: 'ACME', amount: 5 },
    })
    const [first, second] = await recordsOf(directory, 'decision')
    expect(await recordsOf(directory, 'approval.decided')).toMatchObject([
      {
        ...{ edited: true, reviewer: bob, vote: 'approve' },
        ...{ edited_from: first?.input_digest, input_digest: second?.input_digest },
      },
    ])
    expect(first?.input_digest).not.toBe(second?.input_digest)
  })
})

describe('the outcome of a call that failed', () => {
  it('names the error by its code, when that is a word', async () => {
    const { directory, lelu } = await engine()
    const codes = ['ECONNREFUSED', 'no ada@example.com', 'A'.repeat(65), 7, undefined, 'IBAN_DE12']
    for (const [n, code] of codes.entries()) {
      const failing = () => Promise.reject(Object.assign(new Error('refused'), { code }))
      await expect(lelu.guard(trade(0.97, { id: `c${n}` }), failing)).rejects.toThrow('refused')
    }
    const id = await approved(lelu, { id: 'last' })
    const failing = () => Promise.reject(Object.assign(new Error('refused'), { code: 'EPIPE' }))
    await expect(lelu.resume(id, failing)).rejects.toThrow('refused')
    const outcomes = await recordsOf(directory, 'outcome')
    const told = outcomes.map(({ result }) => (result as { error_code?: string }).error_code)
    expect(told).toEqual(['ECONNREFUSED', ...Array(5).fill(undefined), 'EPIPE'])
  })
})

describe('the record of weaker settings', () => {
  it('names each of them, once, at the start', async () => {
    const { directory } = await engine({
      ...{ tokenSeconds: 300, approveWithinMs: 48 * 3600 * 1000, allowUnsafeStore: true },
      ...{
        durability: 'async',
        notify: {
          targets: [{ name: 'slow', type: 'slack', url: 'http://127.0.0.1:9/' }],
          allowHttp: true,
        },
      },
    })
    const words = ['audit: durability: async', 'allow_unsafe_store', 'token_seconds=300']
    expect(await recordsOf(directory, 'config.weakened')).toMatchObject([
      { weakened: [...words, 'approve_within_ms=172800000', 'notify_allow_http'] },
    ])
  })

  it('is not written for an engine as it is by default, or a stricter one', async () => {
    const { directory } = await engine({ tokenSeconds: 30, executeWithinMs: 1000 })
    expect((await recordsOf(directory)).map(({ kind }) => kind)).toEqual([
      'genesis',
      'policy.loaded',
    ])
  })
})
