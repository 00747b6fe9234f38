import { Validator } from '@cfworker/json-schema'
import type { Json } from '@lelu/engine'
import { ToolSchema } from '@modelcontextprotocol/sdk/types.js'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv'
import { describe, expect, it } from 'vitest'
import { createPending } from '../../src/pending/pending.ts'
import { pendingSchema, withPending } from '../../src/pending/words.ts'
import type { Principal, Scope } from '../../src/surface/principal.ts'
import { leluSurface } from '../../src/tools/surface.ts'
import {
  alice,
  approve,
  auditor,
  call,
  carol,
  contextOf,
  everything,
  fixture,
  order,
  requested,
  suspended,
  testEngine,
  unknownId,
} from './support.ts'

const all = [
  'lelu_evaluate',
  'lelu_request_approval',
  'lelu_approval_status',
  'lelu_resume',
  'lelu_revoke_approval',
  'lelu_list_pending',
  'lelu_explain_decision',
  'lelu_audit_query',
  'lelu_audit_verify',
  'lelu_approve',
  'lelu_deny',
]

describe('the tools of a principal', () => {
  it.each<[string, Principal, string[]]>([
    ['everything', everything, all],
    ['a caller', alice, all.slice(0, 7)],
    [
      'a reviewer',
      carol,
      [
        'lelu_approval_status',
        'lelu_revoke_approval',
        'lelu_list_pending',
        'lelu_approve',
        'lelu_deny',
      ],
    ],
    ['an auditor', auditor, ['lelu_explain_decision', 'lelu_audit_query', 'lelu_audit_verify']],
    ['nobody', { ...everything, scopes: [] }, []],
  ])('of %s are always these, in this order', async (_name, principal, names) => {
    const { surface } = await fixture()
    for (const _ of [1, 2]) {
      const tools = await surface.tools(principal)
      expect(tools.map(({ name }) => name)).toEqual(names)
    }
  })

  it('have short names, strict inputs, output schemas and every hint', async () => {
    const { surface } = await fixture()
    for (const tool of await surface.tools(everything)) {
      expect(tool.name).toMatch(/^[a-z_]{1,64}$/)
      expect(tool.inputSchema).toMatchObject({ type: 'object', additionalProperties: false })
      expect(tool.outputSchema).toMatchObject({ type: 'object', additionalProperties: false })
      expect(Object.keys(tool.annotations ?? {}).sort()).toEqual([
        'destructiveHint',
        'idempotentHint',
        'openWorldHint',
        'readOnlyHint',
      ])
      for (const name of ['__proto__', 'constructor']) {
        const odd = JSON.parse(`{"${name}":{"x":1}}`)
        const { valid } = new Validator(tool.inputSchema as never, '2020-12').validate(odd)
        expect(valid, `${tool.name} takes ${name}`).toBe(false)
      }
    }
  })

  it('are tools to the official clients, whose validators take their schemas', async () => {
    const { surface } = await fixture()
    const validator = new AjvJsonSchemaValidator()
    for (const tool of await surface.tools(everything)) {
      const { call: _, ...shown } = tool
      expect(ToolSchema.parse(shown)).toMatchObject({ name: tool.name })
      for (const schema of [tool.inputSchema, withPending(tool.outputSchema ?? {})]) {
        expect(() => validator.getValidator(schema as never)).not.toThrow()
      }
    }
  })

  it('cannot approve, mint, grant, stop, reconcile or write a policy for a model without a person who decides', async () => {
    const made = await fixture()
    const touched: string[] = []
    const watched = <T extends object>(part: T, name: string): T =>
      new Proxy(part, {
        get(target, key) {
          const value = Reflect.get(target, key)
          if (typeof value === 'function')
            return (...given: unknown[]) => {
              touched.push(`${name}.${String(key)}`)
              return Reflect.apply(value, target, given)
            }
          return typeof value === 'object' && value !== null
            ? watched(value, `${name}.${String(key)}`)
            : value
        },
      })
    const surface = leluSurface({ lelu: watched(made.lelu, 'lelu'), executors: made.executors })
    const model: Principal = {
      ...alice,
      scopes: ['call', 'approvals:read', 'approvals:decide', 'audit:read'],
    }
    const waiting = await suspended(made)
    const permitted = await requested(made)
    await approve(made, permitted)
    const inputs: { [name: string]: { [key: string]: Json } } = {
      lelu_evaluate: order,
      lelu_request_approval: { ...order, idempotency_key: 'k' },
      lelu_approval_status: { approval_id: waiting },
      lelu_resume: { approval_id: permitted },
      lelu_revoke_approval: { approval_id: waiting },
      lelu_list_pending: {},
      lelu_explain_decision: { decision_id: '01890000-0000-7000-8000-000000000000' },
      lelu_audit_query: {},
      lelu_audit_verify: {},
    }
    const names = (await surface.tools(model)).map(({ name }) => name)
    // A tool that is added must be thought about here.
    expect(names).toEqual(Object.keys(inputs))
    for (const [name, input] of Object.entries(inputs)) await call(surface, model, name, input)
    for (const prompt of surface.prompts?.(model) ?? []) {
      await prompt
        .get({ approval_id: waiting, decision_id: 'x', goal: 'all' }, model, contextOf(model))
        .catch(() => {})
    }
    for (const tool of await surface.tools(everything)) {
      await tool
        .call({ approval_id: waiting, digest: 'x', reason: 'x' }, contextOf(model))
        .catch(() => {})
    }
    await surface.tasks?.get(waiting, model)
    await surface.tasks?.update(waiting, model, { approval: { action: 'accept' } })
    await surface.tasks?.cancel(waiting, model)
    expect(touched).toContain('lelu.decide')
    expect([...new Set(touched)].sort()).toEqual([
      'lelu.approvals.cancel',
      'lelu.approvals.get',
      'lelu.approvals.list',
      'lelu.decide',
      'lelu.guard',
      'lelu.resume',
    ])
  })

  it('answer an unknown id of an approval with a code, whatever is asked', async () => {
    const { surface } = await fixture()
    for (const name of [
      'lelu_approval_status',
      'lelu_resume',
      'lelu_revoke_approval',
      'lelu_approve',
    ]) {
      const input = name === 'lelu_approve' ? { digest: 'x' } : {}
      const answer = await call(surface, everything, name, { approval_id: unknownId, ...input })
      expect(answer).toMatchObject({ kind: 'result', result: { isError: true } })
      expect(JSON.stringify(answer)).toContain('LELU_APPROVAL_NOT_FOUND')
    }
  })

  it('answer a code, and run nothing, when the store does not answer', async () => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    const away = async () => {
      const { LeluError } = await import('@lelu/engine')
      throw new LeluError('LELU_STORE_UNAVAILABLE', 'No answer from /var/db.', { help: 'Look.' })
    }
    const approvals = { ...made.lelu.approvals, get: away, list: away, wait: away }
    const surface = leluSurface({ lelu: { ...made.lelu, approvals }, executors: made.executors })
    const digest = { digest: 'x' }
    const inputs: [string, { [key: string]: Json }][] = [
      ['lelu_approval_status', { approval_id: id }],
      ['lelu_resume', { approval_id: id }],
      ['lelu_revoke_approval', { approval_id: id }],
      ['lelu_list_pending', {}],
      ['lelu_approve', { approval_id: id, ...digest }],
    ]
    for (const [name, input] of inputs) {
      const answer = await call(surface, everything, name, input)
      expect(answer).toMatchObject({ kind: 'result', result: { isError: true } })
      expect(JSON.stringify(answer)).toContain('LELU_STORE_UNAVAILABLE')
      expect(JSON.stringify(answer)).not.toContain('/var/db')
    }
    expect(made.executors.ran).toEqual([])
  })
})

describe('a surface', () => {
  it.each(['console', 'https://console.example/approvals', 'javascript:alert({id})'])(
    'is not made with %s as the console',
    async (consoleUrl) => {
      const lelu = await testEngine()
      expect(() => leluSurface({ lelu, consoleUrl })).toThrow(
        expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }),
      )
      const resume = async () => ({ content: [] })
      expect(() => createPending({ lelu, resume, consoleUrl })).toThrow(
        expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }),
      )
    },
  )

  it('names no scope that a principal does not have in what it offers', async () => {
    const { surface } = await fixture()
    const none: readonly Scope[] = []
    const nobody = { ...everything, scopes: none }
    expect(await surface.resources?.(nobody)).toEqual([])
    expect(surface.templates?.(nobody)).toEqual([])
  })
})

describe('the schema of a tool that may wait', () => {
  it('takes its own output and that of a call that waits, and nothing else', () => {
    const own = { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] }
    const validator = new Validator(withPending(own) as never, '2020-12')
    const waits = {
      decision: 'require_approval',
      approval_id: unknownId,
      status: 'pending',
      url: null,
      expires_at: '2026-11-22T10:00:00.000Z',
      retry_after_ms: 5000,
    }
    expect(validator.validate({ sum: 1 }).valid).toBe(true)
    expect(validator.validate(waits).valid).toBe(true)
    expect(validator.validate({ other: 1 }).valid).toBe(false)
    expect(new Validator(pendingSchema as never, '2020-12').validate(waits).valid).toBe(true)
  })
})
