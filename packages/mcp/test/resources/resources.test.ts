import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Principal } from '../../src/surface/principal.ts'
import type { SurfaceChange } from '../../src/surface/surface.ts'
import { leluSurface } from '../../src/tools/surface.ts'
import {
  alice,
  approve,
  auditor,
  bob,
  carol,
  everything,
  fixture,
  policies,
  stranger,
  suspended,
  testEngine,
  unknownId,
} from '../tools/support.ts'

type Made = Awaited<ReturnType<typeof fixture>>

async function read({ surface }: Pick<Made, 'surface'>, uri: string, principal: Principal) {
  const found = await surface.read?.(uri, principal)
  const [content] = found?.contents ?? []
  return content !== undefined && 'text' in content ? content.text : undefined
}

async function urisOf({ surface }: Made, principal: Principal) {
  const listed = (await surface.resources?.(principal)) ?? []
  const templates = surface.templates?.(principal) ?? []
  return [...listed.map(({ uri }) => uri), ...templates.map(({ uriTemplate }) => uriTemplate)]
}

function complete(
  { surface }: Made,
  template: string,
  variable: string,
  value: string,
  as: Principal,
) {
  const found = surface.templates?.(everything).find((one) => one.uriTemplate === template)
  return found?.complete?.(variable, value, as)
}

describe('resources', () => {
  it('are listed as far as the scopes reach', async () => {
    const made = await fixture()
    const policy = 'lelu://policies/trading/policy.rego'
    const approvals = ['lelu://approvals/pending', 'lelu://approvals/{id}']
    const audit = ['lelu://audit/head', 'lelu://audit/{stream}/{seq}']
    expect(await urisOf(made, alice)).toEqual(approvals)
    expect((await urisOf(made, carol)).sort()).toEqual(
      [...approvals, policy, 'lelu://policies/data.json', 'lelu://policies/{+path}'].sort(),
    )
    expect(await urisOf(made, auditor)).toEqual(expect.arrayContaining([...audit, policy]))
    expect(await urisOf(made, auditor)).not.toContain('lelu://approvals/pending')
    expect(await urisOf(made, { ...alice, scopes: [] })).toEqual([])
  })

  it.each([
    'lelu://',
    'lelu://approvals',
    'lelu://other/x',
    'file:///etc/passwd',
    '',
    'lelu://approvals/__proto__',
  ])('do not exist at %j', async (uri) => {
    const made = await fixture()
    expect(await read(made, uri, everything)).toBeUndefined()
  })
})

describe('lelu://approvals', () => {
  it('shows one’s own that wait, and everybody’s of the tenant to a reviewer', async () => {
    const made = await fixture()
    const own = await suspended(made, alice)
    const others = await suspended(made, bob, 'call-2')
    await suspended(made, stranger, 'call-3')
    const idsFor = async (principal: Principal) => {
      const { approvals } = JSON.parse(
        (await read(made, 'lelu://approvals/pending', principal)) ?? '',
      )
      return approvals.map(({ approval_id: id }: { approval_id: string }) => id)
    }
    expect(await idsFor(alice)).toEqual([own])
    expect((await idsFor(carol)).sort()).toEqual([own, others].sort())
    expect(await read(made, 'lelu://approvals/pending', auditor)).toBeUndefined()
  })

  it('shows one approval to whom it concerns, and to others as little as an unknown one', async () => {
    const made = await fixture()
    const id = await suspended(made, alice, 'c', { note: '\u202e\u001b[2J' })
    const text = await read(made, `lelu://approvals/${id}`, alice)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
    expect(text).not.toMatch(/[\u001b\u202e]/)
    expect(JSON.parse(text ?? '')).toMatchObject({ approval_id: id, status: 'pending' })
    expect(text).not.toMatch(/carol|secret_rule/)
    for (const other of [bob, stranger, auditor, { ...carol, tenant: 'other' }]) {
      expect(await read(made, `lelu://approvals/${id}`, other)).toBeUndefined()
    }
    expect(await read(made, `lelu://approvals/${unknownId}`, alice)).toBeUndefined()
  })

  it('completes the ids that one may see', async () => {
    const made = await fixture()
    const own = await suspended(made, alice)
    await suspended(made, bob, 'call-2')
    const ids = (value: string, as = alice) =>
      complete(made, 'lelu://approvals/{id}', 'id', value, as)
    expect(await ids('apr_')).toEqual([own])
    expect(await ids('x')).toEqual([])
    expect(await ids('apr_', auditor)).toEqual([])
  })
})

describe('lelu://policies', () => {
  it('shows what was loaded, to those who may see more than their own calls', async () => {
    const made = await fixture()
    const text = await read(made, 'lelu://policies/trading/policy.rego', carol)
    expect(text).toBe(policies.modules[0]?.source)
    expect(await read(made, 'lelu://policies/trading%2Fpolicy.rego', carol)).toBe(text)
    expect(JSON.parse((await read(made, 'lelu://policies/data.json', carol)) ?? '')).toEqual(
      policies.data,
    )
    expect(await read(made, 'lelu://policies/trading/policy.rego', alice)).toBeUndefined()
    expect(await complete(made, 'lelu://policies/{+path}', 'path', 'tr', carol)).toEqual([
      'trading/policy.rego',
    ])
    expect(await complete(made, 'lelu://policies/{+path}', 'path', 'tr', alice)).toEqual([])
  })

  it.each([
    '../policy.rego',
    'trading/../trading/policy.rego',
    '%2e%2e/%2e%2e/etc/passwd',
    '/etc/passwd',
    'trading/policy.rego%00',
    '%',
    '__proto__',
    'constructor',
    '',
  ])('does not exist at %j', async (path) => {
    const made = await fixture()
    expect(await read(made, `lelu://policies/${path}`, everything)).toBeUndefined()
  })

  it('hides nothing that a file hides', async () => {
    const source = 'package lelu.authz\n\t# \u202e looks harmless\n'
    const modules = [{ path: 'odd.rego', source }]
    const surface = leluSurface({ lelu: await testEngine(), policies: { modules } })
    const text = await read({ surface }, 'lelu://policies/odd.rego', carol)
    expect(text).toBe('package lelu.authz\n\t# \\u202e looks harmless\n')
  })

  it('is empty where the host shows no policy', async () => {
    const surface = leluSurface({ lelu: await testEngine() })
    const listed = await surface.resources?.(carol)
    expect(listed?.map(({ uri }) => uri)).toEqual(['lelu://approvals/pending'])
  })
})

describe('lelu://audit', () => {
  it('shows the signed head of each stream', async () => {
    const made = await fixture()
    await suspended(made)
    await made.lelu.audit.seal()
    const { streams } = JSON.parse((await read(made, 'lelu://audit/head', auditor)) ?? '')
    expect(streams).toEqual([
      {
        stream: made.lelu.audit.stream,
        checkpoint: expect.stringContaining(made.lelu.audit.stream),
      },
    ])
    expect(await read(made, 'lelu://audit/head', carol)).toBeUndefined()
  })

  it('shows one record of the tenant, with its leaf hash', async () => {
    const made = await fixture()
    const id = await suspended(made)
    const { audit } = (await made.lelu.approvals.get(id)).decision
    const uri = `lelu://audit/${audit.stream}/${audit.seq}`
    const shown = JSON.parse((await read(made, uri, auditor)) ?? '')
    expect(shown).toMatchObject({ leaf: audit.leaf, record: { kind: 'decision', seq: audit.seq } })
    expect(await read(made, uri, alice)).toBeUndefined()
    expect(await read(made, uri, { ...auditor, tenant: 'other' })).toBeUndefined()
    expect(await complete(made, 'lelu://audit/{stream}/{seq}', 'stream', '', auditor)).toEqual([
      audit.stream,
    ])
    expect(await complete(made, 'lelu://audit/{stream}/{seq}', 'stream', '', alice)).toEqual([])
  })

  it.each(['../keys/1', 'x/1', '%2e%2e/1', '/-1', '/1e3', '/99999', '/1/2'])(
    'does not exist at %s',
    async (place) => {
      const made = await fixture()
      await suspended(made)
      const stream = place.startsWith('/') ? made.lelu.audit.stream : ''
      expect(await read(made, `lelu://audit/${stream}${place}`, auditor)).toBeUndefined()
    },
  )
})

describe('changes of approvals', () => {
  it('are told to who listens, and to nobody afterwards', async () => {
    const made = await fixture({ pollMs: 10 })
    const waited = await suspended(made)
    const told: SurfaceChange[] = []
    const uris = () => told.map((change) => (change.kind === 'resource' ? change.uri : change.kind))
    let looks = 0
    const { list } = made.lelu.approvals
    made.lelu.approvals.list = async (...filter) => {
      const page = await list(...filter)
      looks += 1
      return page
    }
    const stop = made.surface.onChange?.((change) => told.push(change))
    await vi.waitFor(() => expect(looks).toBeGreaterThan(0), 30_000)
    const begun = await suspended(made, alice, 'call-2')
    await vi.waitFor(() => expect(uris()).toContain(`lelu://approvals/${begun}`), 30_000)
    expect(uris()).toContain('lelu://approvals/pending')
    expect(uris()).not.toContain(`lelu://approvals/${waited}`)
    await approve(made, waited)
    await vi.waitFor(() => expect(uris()).toContain(`lelu://approvals/${waited}`), 30_000)
    stop?.()
    const before = told.length
    const seen = looks
    await suspended(made, alice, 'call-3')
    const again: SurfaceChange[] = []
    const stopAgain = made.surface.onChange?.((change) => again.push(change))
    await vi.waitFor(() => expect(looks).toBeGreaterThan(seen + 2), 30_000)
    expect(told).toHaveLength(before)
    expect(again).toEqual([]) // what happened while nobody listened is told to nobody
    stopAgain?.()
  })

  it('leave nothing running when the last listener goes while the store is looked at', async () => {
    const { lelu } = await fixture()
    const gate = Promise.withResolvers<void>()
    const page = { approvals: [], altered: [], next: null }
    const list = () => gate.promise.then(() => page)
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const { onChange } = leluSurface({ lelu: { ...lelu, approvals: { ...lelu.approvals, list } } })
    const stop = onChange?.(() => {})
    stop?.()
    gate.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('go on after the store was away, and miss nothing', async () => {
    const made = await fixture({ pollMs: 10 })
    const told: SurfaceChange[] = []
    const { list } = made.lelu.approvals
    let [looks, failures] = [0, 0]
    let away = false
    made.lelu.approvals.list = async (...filter) => {
      if (away) {
        failures += 1
        throw new Error('away')
      }
      const page = await list(...filter)
      looks += 1
      return page
    }
    const stop = made.surface.onChange?.((change) => told.push(change))
    await vi.waitFor(() => expect(looks).toBeGreaterThan(0), 30_000)
    away = true
    const id = await suspended(made)
    await vi.waitFor(() => expect(failures).toBeGreaterThan(1), 30_000)
    away = false
    await vi.waitFor(
      () => expect(told).toContainEqual({ kind: 'resource', uri: `lelu://approvals/${id}` }),
      30_000,
    )
    stop?.()
  })
})
