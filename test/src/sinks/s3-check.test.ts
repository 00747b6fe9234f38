import type { SinkCheck } from '@lelu/audit'
import type { Weakness } from '@lelu/testing'
import { describe, expect, it } from 'vitest'
import { fakeSink, isPut } from './fake.ts'

async function refused(work: Promise<SinkCheck>) {
  const error = await work.then(
    () => expect.fail('it was taken for safe'),
    (caught) => caught,
  )
  expect(error.code).toBe('LELU_AUDIT_SINK_UNSAFE')
  expect(error.help).toContain('docs/s3.md')
  const findings = error.details.findings as SinkCheck['findings']
  return findings.filter(({ ok }) => !ok).map(({ check }) => check)
}

const untilHeader = (time: number) => ({
  'x-amz-object-lock-retain-until-date': new Date(time).toISOString(),
})

describe('the check of a bucket at start', () => {
  it('shows what the store was seen to refuse', async () => {
    const { sink } = await fakeSink({}, { lock: { mode: 'COMPLIANCE', days: 365 } })
    const check = await sink.check()
    expect(check).toMatchObject({
      sink: 's3://audit',
      immutable: true,
      mode: 'COMPLIANCE',
      days: 365,
    })
    expect(check.findings.map(({ check: name, ok }) => `${ok} ${name}`)).toEqual([
      'true versioning is on',
      'true Object Lock is on',
      'true a locked object is taken',
      'true the lock is kept',
      'true deletion is refused',
      'true shortening is refused',
      'true wrong bytes are refused',
    ])
  })

  it('says when it was, by the clock of the store', async () => {
    const { sink } = await fakeSink({ now: () => Date.now() + 600_000 })
    const ahead = Date.parse((await sink.check()).checked) - Date.now()
    expect(Math.abs(ahead - 600_000)).toBeLessThan(10_000)
  })

  it('holds its canary for a minute, not for the years of the archive', async () => {
    const { sink, puts } = await fakeSink(
      {},
      { prefix: 'p', lock: { mode: 'COMPLIANCE', days: 3650 } },
    )
    await sink.check()
    for (const { key, headers } of puts()) {
      expect(key).toMatch(/^p\/v1\/_canary\//)
      const until = Date.parse(`${headers['x-amz-object-lock-retain-until-date']}`)
      expect(until - Date.now()).toBeLessThan(70_000)
    }
  })

  it('does not bypass what GOVERNANCE lets some bypass', async () => {
    const { sink } = await fakeSink({}, { lock: { mode: 'GOVERNANCE', days: 1 } })
    expect(await sink.check()).toMatchObject({ immutable: true, mode: 'GOVERNANCE' })
  })

  it('lifts the legal hold of its canary, which would be held for ever', async () => {
    const lock = { mode: 'COMPLIANCE', days: 1, legalHold: true } as const
    const { sink, puts } = await fakeSink({}, { lock })
    await sink.check()
    const canary = puts()[0]?.key ?? ''
    expect(await sink.retention(canary)).toMatchObject({ mode: 'COMPLIANCE', legalHold: false })
  })

  // SeaweedFS #7194, RustFS #1509, moto 5.2: locks are taken, and not kept.
  it.each<[Weakness, string[]]>([
    ['deletes', ['deletion is refused']],
    ['shortens', ['shortening is refused']],
    ['forgets', ['the lock is kept', 'deletion is refused']],
    ['miscounts', ['wrong bytes are refused']],
  ])('refuses a store that %s what is locked', async (weakness, findings) => {
    const { sink } = await fakeSink({ weak: [weakness] })
    expect(await refused(sink.check())).toEqual(findings)
  })

  it('refuses a bucket without Object Lock', async () => {
    const { sink } = await fakeSink({ locked: false, versioned: false })
    expect(await refused(sink.check())).toEqual([
      'versioning is on',
      'Object Lock is on',
      'a locked object is taken',
    ])
  })

  it('refuses a store that says no to a deletion, and deletes', async () => {
    let isGone = false
    const { sink } = await fakeSink({
      fault({ method, key }) {
        if (method === 'DELETE') isGone = true
        if (method === 'DELETE') return { status: 403, code: 'AccessDenied' }
        const isRead = method === 'GET' && key !== ''
        return isGone && isRead ? { status: 404, code: 'NoSuchVersion' } : undefined
      },
    })
    expect(await refused(sink.check())).toEqual(['deletion is refused'])
  })

  it('refuses a store that says yes to everything, and does nothing', async () => {
    const { sink } = await fakeSink({
      fault({ method, query }) {
        if (method === 'DELETE') return { status: 204 }
        return query.has('retention') ? { status: 200 } : undefined
      },
    })
    expect(await refused(sink.check())).toEqual(['deletion is refused', 'shortening is refused'])
  })

  it.each([
    ['in a weaker mode', 'GOVERNANCE', 3_600_000],
    ['for less time', 'COMPLIANCE', 30_000],
    ['without a date', 'COMPLIANCE', Number.NaN],
  ])('refuses a store that holds what it is given %s', async (_, mode, ms) => {
    const { sink } = await fakeSink({
      fault({ method }) {
        if (method !== 'HEAD') return undefined
        const until = Number.isNaN(ms) ? {} : untilHeader(Date.now() + ms)
        return { status: 200, headers: { 'x-amz-object-lock-mode': mode, ...until } }
      },
    })
    expect(await refused(sink.check())).toEqual(['the lock is kept', 'shortening is refused'])
  })

  it('refuses a store that forgets a legal hold', async () => {
    const { sink } = await fakeSink(
      {
        fault({ method }) {
          if (method !== 'HEAD') return undefined
          const until = untilHeader(Date.now() + 3_600_000)
          return { status: 200, headers: { 'x-amz-object-lock-mode': 'COMPLIANCE', ...until } }
        },
      },
      { lock: { mode: 'COMPLIANCE', days: 1, legalHold: true } },
    )
    expect(await refused(sink.check())).toEqual(['the lock is kept', 'shortening is refused'])
  })

  it('refuses a store that says no to a shorter retention, and shortens it', async () => {
    let isShorter = false
    const { sink } = await fakeSink({
      fault({ method, query }) {
        if (query.has('retention')) isShorter = true
        if (query.has('retention')) return { status: 403, code: 'AccessDenied' }
        if (method !== 'HEAD' || !isShorter) return undefined
        const until = untilHeader(Date.now() + 10_000)
        return { status: 200, headers: { 'x-amz-object-lock-mode': 'COMPLIANCE', ...until } }
      },
    })
    expect(await refused(sink.check())).toEqual(['shortening is refused'])
  })

  it('refuses a bucket whose setup it may not ask for', async () => {
    const { sink } = await fakeSink({
      fault: ({ query }) =>
        query.has('object-lock') ? { status: 403, code: 'AccessDenied' } : undefined,
    })
    expect(await refused(sink.check())).toEqual(['Object Lock is on'])
  })

  it('only tells of it where immutability is preferred', async () => {
    const { sink } = await fakeSink({ weak: ['deletes'] }, { immutable: 'preferred' })
    expect(await sink.check()).toMatchObject({ immutable: false, mode: 'COMPLIANCE' })
  })

  it('never calls a bucket immutable into which objects are put without a lock', async () => {
    const { sink } = await fakeSink({}, { lock: undefined, immutable: 'preferred' } as never)
    const check = await sink.check()
    expect(check).toMatchObject({ immutable: false, mode: null, days: null })
    expect(check.findings).toContainEqual(
      expect.objectContaining({ check: 'objects are held', ok: false }),
    )
  })

  it('takes a store that fails for one that says nothing, not for a refusal', async () => {
    const { sink } = await fakeSink(
      { fault: ({ method }) => (method === 'DELETE' ? { status: 503 } : undefined) },
      { deadlineMs: 3_000 },
    )
    await expect(sink.check()).rejects.toMatchObject({ code: 'LELU_AUDIT_SINK_UNAVAILABLE' })
  })

  it('says that it is the credentials, not the bucket', async () => {
    const { sink } = await fakeSink({
      fault: (request) =>
        isPut(request) ? { status: 403, code: 'SignatureDoesNotMatch' } : undefined,
    })
    await expect(sink.check()).rejects.toMatchObject({ code: 'LELU_AUDIT_SINK_REFUSED' })
  })
})
