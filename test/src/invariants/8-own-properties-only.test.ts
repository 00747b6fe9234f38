import { describe, expect, it, vi } from 'vitest'
import { engine, rego, trade } from './support.ts'

const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']
const table = rego(`package lelu.authz

allow if data.tools[input.action].allowed

allow if input.args.approved == true
`)

describe('invariant 8: names from a model or client are looked up as own properties only', () => {
  it.each(names)('the tool name %s finds nothing', async (tool) => {
    const lelu = await engine({
      policies: { ...table, data: { tools: { trade: { allowed: true } } } },
    })
    const run = vi.fn()
    expect(await lelu.guard(trade(0.97, { tool }), run)).toMatchObject({ status: 'denied' })
    expect(run).not.toHaveBeenCalled()
    expect(await lelu.guard(trade(0.97), () => 'ran')).toMatchObject({ status: 'executed' })
  })

  it('an input that carries __proto__ gains no property by it', async () => {
    const lelu = await engine({ policies: table })
    const run = vi.fn()
    const input = JSON.parse('{"__proto__":{"approved":true}}')
    await lelu.guard(trade(0.97, { input, tool: 'other' }), run).catch(() => {})
    expect(run).not.toHaveBeenCalled()
    expect(({} as { approved?: boolean }).approved).toBeUndefined()
  })

  it.each(names)('the run, call, tenant and context key %s stay plain words', async (word) => {
    const lelu = await engine()
    const context = JSON.parse(`{"${word}":{"x":1}}`)
    const outcome = await lelu
      .guard({ ...trade(0.85, { id: word }), run: word, tenant: word, context }, () => 'never')
      .catch((error) => error)
    expect([outcome.status ?? outcome.code]).toEqual([
      expect.stringMatching(/^(suspended|LELU_REQUEST_INVALID)$/),
    ])
    expect(({} as { x?: number }).x).toBeUndefined()
  })
})
