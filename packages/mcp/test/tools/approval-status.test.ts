import { describe, expect, it, vi } from 'vitest'
import { leluSurface } from '../../src/tools/surface.ts'
import {
  alice,
  approve,
  auditor,
  bob,
  carol,
  fixture,
  requested,
  result,
  stranger,
  suspended,
  unknownId,
} from './support.ts'

describe('lelu_approval_status', () => {
  it('shows its caller where the approval stands', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const before = await result(made.surface, alice, 'lelu_approval_status', { approval_id: id })
    expect(before.view).toMatchObject({
      status: 'pending',
      own: true,
      input: '{"amount":100,"symbol":"ACME"}',
      requested_by: ['agent trader', 'user alice'],
      ended_because: null,
    })
    await approve(made, id)
    const after = await result(made.surface, alice, 'lelu_approval_status', { approval_id: id })
    expect(after.view.status).toBe('approved')
    expect(after.text).toContain('lelu_resume')
  })

  it('calls a permission that was handed out spent', async () => {
    const made = await fixture()
    const id = await requested(made)
    await approve(made, id)
    await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    const { view } = await result(made.surface, alice, 'lelu_approval_status', { approval_id: id })
    expect(view.status).toBe('spent')
  })

  it('shows a reviewer everybody’s, and names neither reviewers nor rules', async () => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    for (const one of [alice, carol]) {
      const { view, text } = await result(made.surface, one, 'lelu_approval_status', {
        approval_id: id,
      })
      expect(view.status).toBe('approved')
      const { requested_by: _, ...rest } = view
      expect(JSON.stringify(rest) + text).not.toMatch(/secret_rule|carol|dave/)
    }
  })

  it.each([
    ['the same agent for another person', bob],
    ['the same ids in another tenant', stranger],
    ['a reviewer of another tenant', { ...carol, tenant: 'other' }],
    [
      'an agent whose chain is longer',
      {
        ...alice,
        subject: {
          ...alice.subject,
          actingFor: { id: 'alice', type: 'user', actingFor: { id: 'boss', type: 'user' } },
        },
      } as const,
    ],
    [
      'an agent without the person',
      { ...alice, subject: { id: 'trader', type: 'agent' } } as const,
    ],
    [
      'a service of the same id',
      { ...alice, subject: { ...alice.subject, type: 'service' } } as const,
    ],
  ])('answers %s what it answers for an unknown id', async (_name, other) => {
    const made = await fixture()
    const id = await suspended(made)
    const foreign = await result(made.surface, other, 'lelu_approval_status', { approval_id: id })
    const unknown = await result(made.surface, other, 'lelu_approval_status', {
      approval_id: unknownId,
    })
    expect(foreign.isError).toBe(true)
    expect(JSON.stringify(foreign).replaceAll(id, '')).toBe(
      JSON.stringify(unknown).replaceAll(unknownId, ''),
    )
  })

  it('does not exist for who only reads the log', async () => {
    const { surface } = await fixture()
    const names = (await surface.tools(auditor)).map(({ name }) => name)
    expect(names).not.toContain('lelu_approval_status')
  })

  it('waits until somebody decides, telling that it waits', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const told: unknown[] = []
    const waited = result(
      made.surface,
      alice,
      'lelu_approval_status',
      { approval_id: id, wait_ms: 25_000 },
      {
        async progress(step) {
          told.push(step)
          if (told.length === 1) await approve(made, id)
        },
      },
    )
    expect((await waited).view.status).toBe('approved')
    expect(told[0]).toMatchObject({ total: 25_000, message: 'Nobody has decided yet.' })
  })

  it('ends a wait when the client goes away', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const client = new AbortController()
    const waited = result(
      made.surface,
      alice,
      'lelu_approval_status',
      { approval_id: id, wait_ms: 25_000 },
      { signal: client.signal, progress: async () => client.abort() },
    )
    await expect(waited).rejects.toThrow(/abort/i)
  })

  it('holds 64 calls at once, and answers the next one as it stands', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const gate = Promise.withResolvers<void>()
    let waiting = 0
    const { wait } = made.lelu.approvals
    made.lelu.approvals.wait = async (...parameters) => {
      waiting += 1
      await gate.promise
      return wait(...parameters)
    }
    const asked = { approval_id: id, wait_ms: 25_000 }
    const ask = () => result(made.surface, alice, 'lelu_approval_status', asked)
    const held = Array.from({ length: 64 }, ask)
    await vi.waitFor(() => expect(waiting).toBe(64), 30_000)
    expect((await ask()).view.status).toBe('pending')
    await approve(made, id)
    gate.resolve()
    for (const one of await Promise.all(held)) expect(one.view.status).toBe('approved')
    // And the places are free again.
    const next = await suspended(made, alice, 'call-2')
    await result(made.surface, alice, 'lelu_approval_status', { approval_id: next, wait_ms: 1 })
    expect(waiting).toBe(65)
  })

  it('refuses to be held longer than 25 seconds', async () => {
    const { surface } = await fixture()
    const asked = { approval_id: unknownId, wait_ms: 25_001 }
    await expect(result(surface, alice, 'lelu_approval_status', asked)).rejects.toThrow(/^input:/)
  })

  it('holds no call for longer even when nobody checked its input', async () => {
    const { lelu } = await fixture()
    const asked: number[] = []
    const surface = leluSurface({
      lelu: {
        ...lelu,
        approvals: {
          ...lelu.approvals,
          wait: async (id, options) => {
            asked.push(options?.timeoutMs ?? Number.POSITIVE_INFINITY)
            return { ...(await lelu.approvals.get(id)), state: 'approved' }
          },
        },
      },
    })
    const id = await suspended({ ...(await fixture()), lelu })
    const tool = (await surface.tools(alice)).find(({ name }) => name === 'lelu_approval_status')
    const { contextOf } = await import('./support.ts')
    const told: unknown[] = []
    const progress = async (step: { total?: number }) => {
      told.push(step.total)
    }
    await tool?.call({ approval_id: id, wait_ms: 3_600_000 }, contextOf(alice, { progress }))
    expect(told).toEqual([25_000])
    expect(asked).toEqual([5000])
  })

  it('writes control and hidden characters of an input as escapes, and gives no digest of what it cut off', async () => {
    const made = await fixture()
    const id = await suspended(made, alice, 'c1', { note: '\u001b[2J\u202e evil \u200b' })
    const { view, text } = await result(made.surface, carol, 'lelu_approval_status', {
      approval_id: id,
    })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    expect(`${view.input}${text}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b\u202e]/)
    expect(view.input).toContain('\\u202e')
    expect(view.digest).toEqual(expect.any(String))
    const huge = await suspended(made, alice, 'c2', { note: 'x'.repeat(100_000) })
    const cut = await result(made.surface, carol, 'lelu_approval_status', { approval_id: huge })
    expect(cut.view).toMatchObject({ input_truncated: true, digest: null })
    expect(String(cut.view.input).length).toBeLessThan(33_000)
  })
})
