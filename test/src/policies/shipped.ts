import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json, RegoInput } from '@lelu/engine'

export const policiesFolder = join(import.meta.dirname, '../../../policies')

/** Every folder with a policy: one that is added is tested without being named here. */
export const domains: string[] = readdirSync(policiesFolder, { withFileTypes: true })
  .filter(
    (entry) =>
      entry.isDirectory() && readdirSync(join(policiesFolder, entry.name)).includes('policy.rego'),
  )
  .map(({ name }) => name)

export function fileOf(...names: string[]): string {
  return readFileSync(join(policiesFolder, ...names), 'utf8')
}

export function dataOf(domain: string): { [key: string]: Json } {
  return JSON.parse(fileOf(domain, 'data.json')) as { [key: string]: Json }
}

/** Every key and text of the policy's data, so every action of its tables, and some that are in none. */
export function actionsOf(domain: string): string[] {
  const found = new Set(['trade', 'unknown', '__proto__', 'constructor'])
  const visit = (value: Json): void => {
    if (typeof value === 'string' && value !== '') found.add(value)
    if (typeof value !== 'object' || value === null) return
    if (!Array.isArray(value)) for (const key of Object.keys(value)) found.add(key)
    for (const member of Object.values(value)) visit(member)
  }
  visit(dataOf(domain))
  return [...found]
}

export type Asked = {
  action: string
  confidence: number
  effect?: RegoInput['tool']['effect']
  status?: RegoInput['signal']['status']
  trust?: string
}

/** What the engine would ask. A signal that is not ok has a confidence of 0 there. */
export function inputOf({
  action,
  confidence,
  effect = 'non_idempotent',
  status = 'ok',
  trust = 'adapter',
}: Asked): RegoInput {
  return {
    action,
    confidence: status === 'ok' ? confidence : 0,
    args: { amount: 100 },
    tool: { name: action, server: null, effect },
    agent: { id: 'agent-1', type: 'agent', properties: {} },
    acting_for: null,
    resource: null,
    tenant: 'default',
    run: null,
    context: {},
    time: '2026-11-22T10:00:00.000Z',
    signal: { method: 'agreement', trust, status, score: null, model: null, samples: null },
  }
}
