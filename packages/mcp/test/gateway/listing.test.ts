import type { Policy } from '@lelu/engine'
import { expect, test } from 'vitest'
import type { Principal } from '../../src/surface/principal.ts'
import { alice, denies, policyOf, testEngine, testGateway, textOf } from './support.ts'

const source = `package lelu.authz

allow if input.action == "echo"
allow if { input.action == "write"; startswith(input.args.text, "ok") }
allow if { input.agent.id == "admin"; input.args.sure }
require_approval if { input.action == "typed"; input.confidence < 0.5 }
allow if input.action == "env"
deny if input.action == "env"
`

const admin: Principal = {
  ...alice,
  key: 'test|admin',
  subject: { id: 'admin', type: 'agent' },
}

// Found in review: only what a policy called `tool_hidden` was left out.
test('what a policy denies whatever the input is not listed; what it may let run is', async () => {
  const lelu = await testEngine({ policies: { modules: [{ path: 'p.rego', source }] } })
  const gateway = await testGateway({ lelu })
  expect(await gateway.names()).toEqual(['v1__echo', 'v1__typed', 'v1__write'])
  const forAdmin = await gateway.names(admin)
  expect(forAdmin).toContain('v1__person')
  expect(forAdmin).not.toContain('v1__env')
  await expect(gateway.call('v1__env')).rejects.toThrow('no such tool')
  expect(textOf(await gateway.call('v1__write', { text: 'no' }))).toMatch(/^LELU_CALL_DENIED/)
  expect(textOf(await gateway.call('v1__write', { text: 'ok' }))).toBe('wrote ok')
})

test('all tools of a list are asked about at once, and each only once', async () => {
  const asked: number[] = []
  const policies: Policy = {
    ...policyOf(() => denies),
    surelyDenies: async (inputs) => {
      asked.push(inputs.length)
      return inputs.map(({ action }) => action !== 'write')
    },
  }
  const gateway = await testGateway({ engine: { policies } })
  for (let n = 0; n < 3; n += 1) expect(await gateway.names()).toEqual(['v1__write'])
  expect(asked).toHaveLength(1)
  expect(asked[0]).toBeGreaterThan(10)
})

test.each([
  ['rejects', () => Promise.reject(new Error('broken'))],
  ['answers too little', async () => []],
  ['answers what is no boolean', async (inputs: readonly unknown[]) => inputs.map(() => 'yes')],
])('a policy that %s hides nothing', async (_what, surelyDenies) => {
  const policies = { ...policyOf(() => denies), surelyDenies } as unknown as Policy
  const gateway = await testGateway({ engine: { policies } })
  expect(await gateway.names()).toContain('v1__write')
})
