import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Principal } from '../../src/surface/principal.ts'
import { scanSlots } from '../../src/tools/scans.ts'
import {
  alice,
  approve,
  auditor,
  bob,
  call,
  carol,
  contextOf,
  fixture,
  order,
  requested,
  result,
  stranger,
  suspended,
} from './support.ts'

const unknownDecision = '01890000-0000-7000-8000-000000000000'

describe('lelu_explain_decision', () => {
  it('tells a caller the story of its own decision, without reviewers and rules', async () => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    const { decision } = await made.lelu.approvals.get(id)
    const asked = { decision_id: decision.id }
    const { view, text } = await result(made.surface, alice, 'lelu_explain_decision', asked)
    expect(view).toMatchObject({ decision: 'require_approval', tool: 'trade' })
    const kinds = (view.steps as { what: string }[]).map(({ what }) => what)
    expect(kinds).toEqual(expect.arrayContaining(['decision', 'approval.decided', 'outcome']))
    expect(text).toContain('Trades wait for a person.')
    expect(JSON.stringify(view) + text).not.toMatch(/carol|secret_rule/)
  })

  it('tells who may read the log who decided', async () => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    const { decision } = await made.lelu.approvals.get(id)
    const asked = { decision_id: decision.id }
    const { text } = await result(made.surface, auditor, 'lelu_explain_decision', asked)
    expect(text).toContain('by carol')
    expect(text).toContain('secret_rule_trade')
  })

  it.each<[string, Principal]>([
    ['another person', bob],
    ['another tenant', stranger],
    ['an auditor of another tenant', { ...auditor, tenant: 'other' }],
    [
      'a caller with a longer chain',
      {
        ...alice,
        subject: {
          ...alice.subject,
          actingFor: { id: 'alice', type: 'user', actingFor: { id: 'x', type: 'user' } },
        },
      },
    ],
  ])('answers %s what it answers for an unknown decision', async (_name, other) => {
    const made = await fixture()
    const { view } = await result(made.surface, alice, 'lelu_evaluate', order)
    const id = String(view.decision_id)
    const foreign = await result(made.surface, other, 'lelu_explain_decision', { decision_id: id })
    const unknown = await result(made.surface, other, 'lelu_explain_decision', {
      decision_id: unknownDecision,
    })
    expect(foreign.isError).toBe(true)
    expect(foreign.text.replaceAll(id, '')).toBe(unknown.text.replaceAll(unknownDecision, ''))
  })
})

describe('lelu_audit_query', () => {
  it('answers the newest records of its own tenant', async () => {
    const made = await fixture()
    await suspended(made)
    await suspended(made, stranger, 'call-2')
    const { view } = await result(made.surface, auditor, 'lelu_audit_query', { kind: 'decision' })
    expect(view).toMatchObject({ found: 1, complete: true })
    const [one] = view.records as { record: string }[]
    expect(JSON.parse(one?.record ?? '')).toMatchObject({ kind: 'decision', tenant: 'default' })
    const theirs = { ...auditor, tenant: 'other' }
    const other = await result(made.surface, theirs, 'lelu_audit_query', { kind: 'decision' })
    expect(JSON.parse((other.view.records as { record: string }[])[0]?.record ?? '').tenant).toBe(
      'other',
    )
  })

  it('keeps to its limit, and finds by what happened', async () => {
    const made = await fixture()
    for (const name of ['a', 'b', 'c']) await suspended(made, alice, name)
    const asked = { tool: 'trade', decision: 'require_approval', limit: 2 }
    const { view } = await result(made.surface, auditor, 'lelu_audit_query', asked)
    expect(view.found).toBe(3)
    expect(view.records).toHaveLength(2)
  })

  it('says what is wrong with a time', async () => {
    const made = await fixture()
    await suspended(made)
    const { isError, text } = await result(made.surface, auditor, 'lelu_audit_query', {
      from: 'soon',
    })
    expect(isError).toBe(true)
    expect(text).toContain('is no time')
  })

  it('tells no path of the machine when there is no log', async () => {
    const made = await fixture()
    const directory = join(made.lelu.audit.directory, 'gone')
    const { leluSurface } = await import('../../src/tools/surface.ts')
    const surface = leluSurface({ lelu: { ...made.lelu, audit: { directory } } })
    for (const name of ['lelu_audit_query', 'lelu_audit_verify']) {
      const { isError, text } = await result(surface, auditor, name, {})
      expect(isError).toBe(true)
      expect(text).not.toContain(directory)
    }
  })
})

describe('lelu_audit_verify', () => {
  it('finds a log intact, and one that was edited damaged', async () => {
    const made = await fixture()
    await requested(made)
    await made.lelu.audit.seal()
    const whole = await result(made.surface, auditor, 'lelu_audit_verify', {})
    expect(whole.view).toMatchObject({ ok: true, problems: [] })
    const segment = segmentOf(made.lelu.audit.directory)
    writeFileSync(segment, readFileSync(segment, 'utf8').replace('"trade"', '"trude"'))
    const edited = await result(made.surface, auditor, 'lelu_audit_verify', {})
    expect(edited.view.ok).toBe(false)
    expect(edited.text).toContain('DAMAGED')
  })

  it.each([
    ['a caller', alice],
    ['a reviewer', carol],
  ])('is not there for %s', async (_name, one) => {
    const { surface } = await fixture()
    const names = (await surface.tools(one)).map(({ name }) => name)
    expect(names).not.toContain('lelu_audit_verify')
    expect(names).not.toContain('lelu_audit_query')
  })

  it('proves nothing when its time runs out', async () => {
    const made = await fixture({ scanMs: 0 })
    await requested(made)
    await made.lelu.audit.flush()
    const { isError, text } = await result(made.surface, auditor, 'lelu_audit_verify', {})
    expect(isError).toBe(true)
    expect(text).toContain('LELU_MCP_BUSY')
  })
})

describe('scans of the log', () => {
  it('are two at once, and the next ones are told to come again', async () => {
    const slots = scanSlots(60_000)
    const { signal } = new AbortController()
    const gate = Promise.withResolvers<string>()
    const running = [1, 2].map(() => slots.run(signal, () => gate.promise))
    expect(await slots.run(signal, async () => 'ran')).toBeUndefined()
    gate.resolve('done')
    expect(await Promise.all(running)).toEqual([
      { complete: true, value: 'done' },
      { complete: true, value: 'done' },
    ])
    expect(await slots.run(signal, async () => 'ran')).toEqual({ complete: true, value: 'ran' })
  })

  it('give their slot back when they fail', async () => {
    const slots = scanSlots(60_000, 1)
    const { signal } = new AbortController()
    await expect(slots.run(signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await slots.run(signal, async () => 1)).toEqual({ complete: true, value: 1 })
  })

  it('end with the client', async () => {
    const made = await fixture()
    await requested(made)
    const client = new AbortController()
    client.abort()
    const asked = call(made.surface, auditor, 'lelu_audit_query', {}, { signal: client.signal })
    await expect(asked).rejects.toThrow(/abort/i)
    expect(contextOf(auditor).signal.aborted).toBe(false)
  })
})

function segmentOf(directory: string): string {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const found = files.find(
    (file) => file.endsWith('.jsonl') && statSync(join(directory, file)).size > 0,
  )
  if (found === undefined) throw new Error('no segment')
  return join(directory, found)
}
