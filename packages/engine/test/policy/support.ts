import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  type LoadedPolicy,
  type LoadPolicyOptions,
  loadPolicy,
} from '../../src/policy/load-policy.ts'
import type { Json, RegoInput } from '../../src/types.ts'

/** The rules of the overview, to the letter: no package, and Rego of before v1. */
export const overviewRules = `allow {
input.action == "trade"
input.confidence >= 0.90
}
require_approval {
input.action == "trade"
input.confidence < 0.90
}
`

/** Loads the sources of one package `lelu.authz`, without a cache. */
export function load(
  rules: string,
  options: Partial<LoadPolicyOptions> & { data?: Json } = {},
): Promise<LoadedPolicy> {
  const { data, ...rest } = options
  const modules = [{ path: 'policy.rego', source: `package lelu.authz\n\n${rules}\n` }]
  return loadPolicy({
    policies: { modules, ...(data !== undefined && { data }) },
    cache: false,
    ...rest,
  })
}

export function inputOf(more: Partial<RegoInput> = {}): RegoInput {
  return {
    action: 'trade',
    confidence: 0.95,
    args: { symbol: 'ACME', amount: 100 },
    tool: { name: 'trade', server: null, effect: 'non_idempotent' },
    agent: { id: 'trader-1', type: 'agent', properties: {} },
    acting_for: { id: 'user-7', type: 'user' },
    resource: null,
    tenant: 'default',
    run: null,
    context: {},
    time: '2026-11-22T10:00:00.000Z',
    signal: {
      method: 'verbalized',
      trust: 'claimed',
      status: 'ok',
      score: 1.73,
      model: null,
      samples: null,
    },
    ...more,
  }
}

/** A folder of its own with these files, removed when the test ends. */
export function folderOf(files: Record<string, string | Uint8Array>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-policy-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}
