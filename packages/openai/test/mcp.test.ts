import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { expect, test } from 'vitest'
import { copy, openWorld, respond, reviewer, userItem, wireOf } from './support.ts'
import type { WireCall } from './wire.ts'

const mcp = (id: string, name: string, text = '{"path":"/a"}'): WireCall => ({
  id,
  name,
  arguments: text,
  type: 'mcp',
})

test('a hosted MCP call is decided with its server, and the provider is told yes, no, or nothing yet', async () => {
  const servers: unknown[] = []
  const { make, lelu } = await openWorld()
  const guard = make({
    context: ({ server }) => {
      servers.push(server)
      return undefined
    },
  })
  const calls = [
    mcp('mcpr_1', 'allowed_read'),
    mcp('mcpr_2', 'denied_read'),
    mcp('mcpr_3', 'reviewed_write'),
    mcp('mcpr_4', 'allowed_read', '{"path":'),
  ]
  const { response, items } = await respond(calls)
  const first = await guard.executeOutput(response, { input: items })
  const type = 'mcp_approval_response'
  expect(first.items).toEqual([
    { type, approval_request_id: 'mcpr_1', approve: true },
    {
      type,
      approval_request_id: 'mcpr_2',
      approve: false,
      reason: expect.stringContaining('Denied by policy'),
    },
    {
      type,
      approval_request_id: 'mcpr_4',
      approve: false,
      reason: expect.stringContaining('do not pass the schema'),
    },
  ])
  expect(first.pending).toMatchObject([{ toolCallId: 'mcpr_3', tool: 'reviewed_write' }])
  expect(servers).toEqual(['files', 'files', 'files'])

  const id = first.pending[0]?.approvalId ?? ''
  const { request } = await lelu.approvals.get(id)
  expect(request.call).toMatchObject({
    tool: 'reviewed_write',
    server: 'files',
    input: { path: '/a' },
  })
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  const input = [...items, ...first.items]
  for (let round = 0; round < 2; round += 1) {
    const done = await guard.executeOutput(copy(response), { input })
    expect(done.items).toEqual([{ type, approval_request_id: 'mcpr_3', approve: true }])
  }
  expect((await lelu.approvals.get(id)).state).toBe('completed')
})

test('a hosted MCP call cannot be edited, for the provider runs the arguments of the model', async () => {
  const { guard, make, lelu } = await openWorld()
  const { response } = await respond([mcp('mcpr_1', 'reviewed_write')])
  const { pending } = await guard.executeOutput(response)
  const edit = { verdict: 'approve' as const, reviewer, input: { path: '/b' } }
  const edited = lelu.approvals.review(pending[0]?.approvalId ?? '', edit)
  await expect(edited).rejects.toMatchObject({ code: 'LELU_EDIT_REFUSED' })

  // An engine that stores another input all the same gets no approval out of us.
  const other = make({
    lelu: {
      approvals: lelu.approvals,
      guard: async (request, execute) => {
        const call = { ...request.call, input: { path: '/b' } }
        const value = await execute(
          call as Parameters<typeof execute>[0],
          { approval: null } as never,
        )
        return { status: 'executed', value, decision: {} as never }
      },
    },
  })
  const done = await other.executeOutput(copy(response))
  expect(done.items).toMatchObject([
    { approve: false, reason: expect.stringContaining('It was not approved') },
  ])
})

test.each([
  '{"path":"/etc/shadow","path":"/a"}',
  '{"path":"/etc/shadow","p\\u0061th":"/a"}',
  '{"deep":[{"path":"/etc/shadow","path":"/a"}]}',
  '{"__proto__":{"path":"/etc/shadow"}}',
])(
  'a hosted MCP call that the provider may read otherwise than the policy is not approved: %s',
  async (text) => {
    const { guard, make, lelu } = await openWorld()
    const { response } = await respond([mcp('mcpr_1', 'allowed_read', text)])
    expect((await guard.executeOutput(response)).items).toMatchObject([{ approve: false }])
    const request = { id: 'mcpr_1', name: 'allowed_read', server_label: 'files', arguments: text }
    const { approveMcp } = make({ mode: 'tell-model' })
    expect(await approveMcp({ ...request, type: 'mcp_approval_request' })).toBe(false)
    expect((await lelu.approvals.list()).approvals).toEqual([])
  },
)

test('a value that a store holds for a hosted call approves nothing unless it is the approval', async () => {
  const { make, lelu } = await openWorld()
  const { response } = await respond([mcp('mcpr_1', 'allowed_read')])
  for (const value of [
    'approve',
    true,
    { approve: 'true' },
    { approve: true },
    { approve: true, request: 'mcpr_9' },
    null,
  ]) {
    const guard = make({
      lelu: {
        approvals: lelu.approvals,
        guard: async () => ({ status: 'executed', value: value as never, decision: {} as never }),
      },
    })
    expect((await guard.executeOutput(copy(response))).items).toMatchObject([{ approve: false }])
  }
})

test('the provider takes the answers of a hosted call and runs it', async () => {
  const { guard } = await openWorld()
  const { client } = await wireOf([{ calls: [mcp('mcpr_1', 'allowed_read')] }, { text: 'Done.' }])
  const params = { model: 'gpt-test', store: false }
  const response = await client.responses.create({ ...params, input: [userItem] })
  const { items } = await guard.executeOutput(response)
  const input = [userItem, ...(response.output as ResponseInputItem[]), ...items]
  const next = await client.responses.create({ ...params, input })
  expect(next.output[0]).toMatchObject({ type: 'mcp_call', output: 'allowed_read ran' })
})

test('in mode tell-model one approval lets the provider run one call, not every later one with its input', async () => {
  const { guard, lelu } = await openWorld({ mode: 'tell-model' })
  const ask = async (id: string) => {
    const { response } = await respond([mcp(id, 'reviewed_write')])
    return (await guard.executeOutput(response)).items
  }
  expect(await ask('mcpr_1')).toMatchObject([
    { approve: false, reason: expect.stringContaining('Waiting for a person') },
  ])
  const [approval] = (await lelu.approvals.list()).approvals
  await lelu.approvals.review(approval?.id ?? '', { verdict: 'approve', reviewer })
  expect(await ask('mcpr_2')).toMatchObject([{ approve: true }])
  expect(await ask('mcpr_3')).toMatchObject([
    { approve: false, reason: expect.stringContaining('no approval of this call on record') },
  ])
})

test('for a runner, one approval answers one request, and not another of its id in another run', async () => {
  const { make, lelu } = await openWorld()
  const request = {
    type: 'mcp_approval_request' as const,
    id: 'mcpr_0',
    name: 'reviewed_write',
    server_label: 'files',
    arguments: '{"path":"/a"}',
  }
  const first = make({ mode: 'wait', waitMs: 10_000 }).approveMcp(request)
  await expect.poll(async () => (await lelu.approvals.list()).approvals.length).toBe(1)
  const [approval] = (await lelu.approvals.list()).approvals
  await lelu.approvals.review(approval?.id ?? '', { verdict: 'approve', reviewer })
  expect(await first).toBe(true)
  expect(await make({ mode: 'wait', waitMs: 0 }).approveMcp(request)).toBe(false)
  const states = (await lelu.approvals.list()).approvals.map(({ state }) => state)
  expect(states.sort()).toEqual(['cancelled', 'completed'])
})
