import { describe, expect, it } from 'vitest'
import { LeluError } from '../../src/errors.ts'
import { loadPolicy } from '../../src/policy/load-policy.ts'
import { inputOf, load, overviewRules } from './support.ts'

const toolOf = (name: string) =>
  inputOf({ action: name, tool: { name, server: null, effect: 'read' } })

describe('surelyDenies of a loaded policy', () => {
  it('tells which tools no call can ever use', async () => {
    const policy = await load(overviewRules)
    expect(await policy.surelyDenies(['trade', 'delete'].map(toolOf))).toEqual([false, true])
    expect(await policy.surelyDenies([])).toEqual([])
  })

  it('looks at no value that the next call may not have', async () => {
    const policy = await load(`allow if input.action == "trade"
deny if input.args.amount > 50
deny if input.confidence > 0.9
deny if input.signal.method == "verbalized"
deny if startswith(input.time, "2026")
deny if input.run == null
deny if input.resource == null
deny if not input.context.known`)
    expect(policy.evaluate(toolOf('trade')).effect).toBe('deny')
    expect(await policy.surelyDenies([toolOf('trade')])).toEqual([false])
  })

  it('knows who asks', async () => {
    const policy = await load(
      'allow if { input.agent.id == "trader-1"; input.tenant == "default"; input.args.ok }',
      { data: { unused: 1 } },
    )
    const other = inputOf({ agent: { id: 'other', type: 'agent', properties: {} } })
    expect(await policy.surelyDenies([inputOf(), other])).toEqual([false, true])
  })

  it('is not sure of a policy that reads its input as a whole', async () => {
    const policy = await load('deny if object.get(input, "args", null) == null')
    expect(await policy.surelyDenies([toolOf('trade')])).toEqual([false])
  })

  it('is sure of nothing when it fails, and says so once', async () => {
    const errors: LeluError[] = []
    const rules = 'deny if input.agent.properties.at'
    const policy = await load(rules, { onError: (error) => errors.push(error) })
    const properties = { at: 1n } as never // no JSON
    const broken = { ...toolOf('b'), agent: { id: 'a', type: 'agent', properties } }
    expect(await policy.surelyDenies([toolOf('a'), broken])).toEqual([false, false])
    expect(errors).toHaveLength(1)
    expect(errors[0]).toBeInstanceOf(LeluError)
    expect(errors[0]?.code).toBe('LELU_POLICY_FAILED')
  })

  it('asks what was compiled, whatever became of the sources since', async () => {
    const file = { path: 'p.rego', source: 'package lelu.authz\n\nallow := true' }
    const loading = loadPolicy({ policies: { modules: [file] }, cache: false })
    file.source = 'package lelu.authz\n\ndeny := true'
    expect(await (await loading).surelyDenies([toolOf('a')])).toEqual([false])
  })
})
