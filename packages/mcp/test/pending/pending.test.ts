import { Validator } from '@cfworker/json-schema'
import type { Approval } from '@lelu/engine'
import type { ElicitResult } from '@modelcontextprotocol/server'
import { describe, expect, it } from 'vitest'
import { createPending } from '../../src/pending/pending.ts'
import { createResume } from '../../src/pending/resume-approved.ts'
import { pendingSchema } from '../../src/pending/words.ts'
import type { CallContext } from '../../src/surface/call.ts'
import { alice, contextOf, fixture, order, plainPeer, result, suspended } from '../tools/support.ts'

const consoleUrl = 'https://console.example/approvals/{id}'

async function waiting(more: { consoleUrl?: string } = {}) {
  const made = await fixture()
  const { lelu, executors } = made
  const pending = createPending({ lelu, resume: createResume({ lelu, executors }), ...more })
  const id = await suspended(made)
  return { ...made, pending, id, approval: await lelu.approvals.get(id) }
}

const peers = {
  tasks: { ...plainPeer, tasks: true, elicits: { form: true, url: true } },
  form: { ...plainPeer, elicits: { form: true, url: false } },
  url: { ...plainPeer, elicits: { form: true, url: true } },
}

const isResult = (answer: Awaited<ReturnType<ReturnType<typeof createPending>['answer']>>) => {
  if (answer.kind !== 'result') throw new Error(`expected a result, got ${answer.kind}`)
  return answer.result
}

describe('a call that waits for a person', () => {
  it('is a task where the client takes tasks, whatever else it can do', async () => {
    const { pending, approval, id } = await waiting({ consoleUrl })
    const answer = await pending.answer(approval, contextOf(alice, { peer: peers.tasks }))
    expect(answer).toMatchObject({
      kind: 'task',
      task: { taskId: id, status: 'working', ttlMs: null, pollIntervalMs: 5000 },
    })
    expect(JSON.stringify(answer)).toContain(`https://console.example/approvals/${id}`)
  })

  it('is a link to the console where the client can show one, and only a link', async () => {
    const { pending, approval, id } = await waiting({ consoleUrl })
    const answer = await pending.answer(approval, contextOf(alice, { peer: peers.url }))
    expect(answer).toEqual({
      kind: 'ask',
      state: { approval: id },
      questions: {
        approval: {
          mode: 'url',
          message: expect.any(String),
          url: `https://console.example/approvals/${id}`,
        },
      },
    })
  })

  it.each<[string, ElicitResult]>([
    ['accepts', { action: 'accept', content: { approved: true } }],
    ['declines', { action: 'decline' }],
    ['cancels', { action: 'cancel' }],
  ])('goes on waiting when the client %s the link by itself', async (_name, answer) => {
    const made = await waiting({ consoleUrl })
    const { pending, approval, id, lelu, executors } = made
    const answers = { results: { approval: answer }, state: { approval: id } }
    const context = contextOf(alice, { peer: peers.url, answers })
    const told = isResult(await pending.answer(approval, context))
    expect(told.structuredContent).toMatchObject({ status: 'pending', approval_id: id })
    expect(await lelu.approvals.get(id)).toMatchObject({ state: 'pending', votes: [] })
    expect(executors.ran).toEqual([])
  })

  it.each<[string, CallContext['peer'], string | undefined]>([
    ['can show nothing', plainPeer, consoleUrl],
    ['can only show forms', peers.form, consoleUrl],
    ['could show a link, but there is no console', peers.url, undefined],
  ])('is a result that says so where the client %s', async (_name, peer, url) => {
    const made = await waiting(url === undefined ? {} : { consoleUrl: url })
    const told = isResult(await made.pending.answer(made.approval, contextOf(alice, { peer })))
    expect(told.isError).toBeUndefined()
    const shown = url === undefined ? null : `https://console.example/approvals/${made.id}`
    expect(told.structuredContent).toEqual({
      decision: 'require_approval',
      approval_id: made.id,
      status: 'pending',
      url: shown,
      expires_at: new Date(made.approval.approveBy).toISOString(),
      retry_after_ms: 5000,
    })
    const { valid } = new Validator(pendingSchema as never, '2020-12').validate(
      told.structuredContent,
    )
    expect(valid).toBe(true)
    const text = JSON.stringify(told.content)
    expect(text).toContain(`Waiting for a person to approve this call (approval ${made.id})`)
    expect(text).toContain(shown ?? `lelu approvals show ${made.id}`)
  })

  it('names no reviewer and no rule', async () => {
    const { pending, approval } = await waiting({ consoleUrl })
    for (const peer of [plainPeer, ...Object.values(peers)]) {
      const answer = await pending.answer(approval, contextOf(alice, { peer }))
      expect(JSON.stringify(answer)).not.toMatch(/carol|dave|secret_rule/)
    }
  })

  it('shows the name of a tool without what would repaint it', async () => {
    const { pending, approval } = await waiting({ consoleUrl })
    const { request } = approval
    const call = { ...request.call, tool: '\u001b[2Jtrade\u202e' }
    const odd: Approval = { ...approval, request: { ...request, call } }
    const answer = await pending.answer(odd, contextOf(alice, { peer: peers.url }))
    if (answer.kind !== 'ask') throw new Error('expected a question')
    const { approval: question } = answer.questions
    if (question?.mode !== 'url') throw new Error('expected an address')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    expect(question.message).not.toMatch(/[\u001b\u202e]/)
  })

  it('is asked about once: the second round of lelu_request_approval is a result', async () => {
    const { surface, lelu } = await fixture({ consoleUrl })
    const asked = { ...order, idempotency_key: 'k' }
    const tool = (await surface.tools(alice)).find(({ name }) => name === 'lelu_request_approval')
    const first = await tool?.call(asked, contextOf(alice, { peer: peers.url }))
    if (first?.kind !== 'ask') throw new Error('expected a question')
    const answers = { results: { approval: { action: 'accept' as const } }, state: first.state }
    const more = { peer: peers.url, answers }
    const second = await result(surface, alice, 'lelu_request_approval', asked, more)
    expect(second.view).toMatchObject({ status: 'pending' })
    expect((await lelu.approvals.list()).approvals).toHaveLength(1)
  })
})
