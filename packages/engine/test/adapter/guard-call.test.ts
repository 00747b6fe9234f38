import { expect, test } from 'vitest'
import { type AdapterCall, type GuardOptions, guardCall } from '../../src/adapter/index.ts'
import type { PolicyAnswer } from '../../src/index.ts'
import { approved, policyOf, testEngine, trade } from '../support.ts'

const subject = { id: 'agent-1', type: 'agent' } as const
const call: AdapterCall<null> = {
  context: null,
  id: 'call-1',
  run: 'run-1',
  tool: 'trade',
  input: { amount: 5 },
}

async function playing(
  answer: Partial<PolicyAnswer>,
  options: Partial<GuardOptions<null>> = {},
  more: Partial<AdapterCall<null>> = {},
) {
  const lelu = await testEngine({ policies: policyOf(() => answer) })
  let runs = 0
  const ending = guardCall({ lelu, subject, ...options }, { ...call, ...more }, () => ++runs)
  return { ending, runs: () => runs }
}

const wrongOptions: [string, Partial<GuardOptions<null>>][] = [
  ['no subject', { subject: (() => undefined) as never }],
  ['a subject without a name', { subject: { id: '', type: 'agent' } }],
  ['a context that is no JSON', { context: { at: new Date(0) as never } }],
  ['a resource without an id', { resource: { type: 'account' } as never }],
  ['an empty tenant', { tenant: '' }],
  ['an effect that nobody knows', { effect: () => 'harmless' as never }],
]

test.each(wrongOptions)(
  '%s is a mistake of the developer: it is thrown at him',
  async (_what, options) => {
    const { ending, runs } = await playing({ effect: 'allow' }, options)
    await expect(ending).rejects.toMatchObject({ code: 'LELU_REQUEST_INVALID' })
    expect(runs()).toBe(0)
  },
)

test('a context that is too large is thrown as well, and an input that is too large told to the model', async () => {
  const large = 'x'.repeat(2 ** 21)
  const { ending } = await playing({ effect: 'allow' }, { context: { large } })
  await expect(ending).rejects.toMatchObject({ code: 'LELU_INPUT_TOO_LARGE' })
  const other = await playing({ effect: 'allow' }, {}, { input: { large } })
  expect(await other.ending).toMatchObject({ status: 'refused', code: 'LELU_INPUT_TOO_LARGE' })
})

test.each<[string, Partial<AdapterCall<null>>]>([
  ['an input that is no JSON', { input: { at: new Date(0) as never } }],
  ['a tool without a name', { tool: '' }],
  ['an id that is no text', { id: 'call_\ud800' }],
])('%s is of the model: it reads so, and nothing runs', async (_what, more) => {
  const { ending, runs } = await playing({ effect: 'allow' }, {}, more)
  expect(await ending).toMatchObject({ status: 'refused', code: 'LELU_REQUEST_INVALID' })
  expect(runs()).toBe(0)
})

test('the id of a rule without a reason is not told to the model', async () => {
  const silent = { id: 'over_limit_internal', message: 'over_limit_internal' }
  const { ending } = await playing({ reasons: [silent] })
  expect(await ending).toEqual({
    status: 'refused',
    text: 'Denied by policy: The policy denies this call. The call did not run.',
    code: 'over_limit_internal',
  })
  const spoken = { id: 'limit', message: 'Over your limit.' }
  const both = await playing({ reasons: [silent, spoken] })
  expect(await both.ending).toMatchObject({
    text: 'Denied by policy: Over your limit. The call did not run.',
  })
})

test.each<[string, unknown]>([
  ['no reason', undefined],
  ['a reason of the app', new RangeError('the user left')],
])(
  'a tool that ends because its run was aborted with %s may still take effect: the record does not say failed',
  async (_what, reason) => {
    const lelu = await testEngine()
    const { id: callId, tool, input, run } = call
    const id = await approved(lelu, { id: callId, tool, input }, { run })
    const { signal, abort } = controlOf()
    const options = { lelu, subject: trade(0.85).subject }
    const ending = guardCall(options, { ...call, signal }, async () => {
      abort(reason)
      return signal.throwIfAborted()
    })
    // The framework gets the error as it was thrown.
    expect(await ending).toMatchObject({ status: 'threw', error: signal.reason })
    expect((await lelu.approvals.get(id)).state).toBe('unknown')
  },
)

test('an approved call is told to be revoked when it was, and waits for a new key when the signing key was', async () => {
  const lelu = await testEngine()
  const { id, tool, input, run } = call
  await approved(lelu, { id, tool, input }, { run })
  const play = () => guardCall({ lelu, subject: trade(0.85).subject }, call, () => 'ran')
  await lelu.tokens.revoke({ key: lelu.tokens.jwks().keys[0]?.kid ?? '' })
  await expect(play()).rejects.toMatchObject({ code: 'LELU_TOKEN_REFUSED' })
  const other = await testEngine()
  await approved(other, { id, tool, input }, { run })
  await other.tokens.revoke({ user: 'alice' })
  const options = { lelu: other, subject: trade(0.85).subject }
  expect(await guardCall(options, call, () => 'ran')).toEqual({
    status: 'refused',
    text: 'Not run: The approval was revoked. Do not retry the same call.',
    code: 'LELU_TOKEN_REFUSED',
  })
})

test('a run that is aborted while the reader is asked does not start its tool', async () => {
  const { signal, abort } = controlOf()
  const lelu = await testEngine({ policies: policyOf(() => ({ effect: 'allow' })) })
  const reader = async () => abort(undefined)
  const evidence = () => ({ call: { id: call.id, tool: call.tool, input: call.input } })
  let runs = 0
  const options = { lelu, subject, confidence: reader as never }
  const ending = await guardCall(options, { ...call, signal, evidence }, () => ++runs)
  expect(ending).toEqual({ status: 'threw', error: signal.reason })
  expect(runs).toBe(0)
})

function controlOf() {
  const control = new AbortController()
  return { signal: control.signal, abort: (reason: unknown) => control.abort(reason) }
}
