import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fakeSink, isPut, putText } from './fake.ts'

const dayMs = 86_400_000

describe('a put into S3', () => {
  // kopia #711, docker-volume-backup #727, sftpgo #1336: AWS answers 400 to a locked object without a checksum.
  it('carries the SHA-256 of its bytes, and says that it does', async () => {
    const { sink, puts } = await fakeSink()
    await putText(sink, 'v1/a', 'bytes')
    expect(puts()).toHaveLength(1)
    expect(puts()[0]?.headers).toMatchObject({
      'x-amz-checksum-sha256': hash('sha256', 'bytes', 'base64'),
      // Without it Ceph 20.2 keeps a wrong checksum, and answers 200.
      'x-amz-sdk-checksum-algorithm': 'SHA256',
      'content-type': 'application/gzip',
    })
  })

  // aws-sdk-js-v3 #6810, #6819: the workaround for other stores switches the checksums off.
  it('carries it also from a client that sends checksums only where they are required', async () => {
    const client = { requestChecksumCalculation: 'WHEN_REQUIRED' } as const
    const { sink, puts } = await fakeSink({}, { client })
    expect(await putText(sink, 'v1/a', 'bytes')).toBe('stored')
    expect(puts()[0]?.headers['x-amz-checksum-sha256']).toBe(hash('sha256', 'bytes', 'base64'))
  })

  // s3rver and others keep the framing of the chunks as content; Ceph 16 answers 411.
  it('is sent whole, not in chunks with a trailer', async () => {
    const { sink, puts } = await fakeSink()
    await sink.put('v1/a', Buffer.alloc(3_000_000, 7), 'application/gzip')
    const { headers, body } = puts()[0] ?? expect.fail()
    expect(headers['content-length']).toBe('3000000')
    expect(headers['content-encoding']).toBeUndefined()
    expect(headers['x-amz-trailer']).toBeUndefined()
    expect(body.equals(Buffer.alloc(3_000_000, 7))).toBe(true)
  })

  it('asks that nothing stands under the key', async () => {
    const { sink, puts } = await fakeSink()
    await putText(sink, 'v1/a', 'bytes')
    expect(puts()[0]?.headers['if-none-match']).toBe('*')
  })

  // ceph, versitygw #2288, rustfs #1659: two conditional writers both win.
  it('goes by the oldest version where the store looks at no condition', async () => {
    const { sink, puts } = await fakeSink({ weak: ['overlooks'] })
    expect(await putText(sink, 'v1/a', 'first')).toBe('stored')
    expect(await putText(sink, 'v1/a', 'first')).toBe('same')
    expect(await putText(sink, 'v1/a', 'other')).toBe('different')
    expect(puts()).toHaveLength(3)
    expect((await sink.get('v1/a'))?.toString()).toBe('first')
  })

  it('that was carried out and not answered is found to be there', async () => {
    let lost = 0
    const fault = (request: Parameters<typeof isPut>[0]) => {
      if (!isPut(request) || lost > 0) return undefined
      lost += 1
      return 'lost' as const
    }
    const { sink, puts } = await fakeSink({ fault })
    expect(await putText(sink, 'v1/a', 'bytes')).toBe('same')
    expect(puts()).toHaveLength(2)
  })

  it('is tried again when the store says that another one is going on', async () => {
    let conflicts = 2
    const { sink, puts } = await fakeSink({
      fault(request) {
        if (!isPut(request) || conflicts === 0) return undefined
        conflicts -= 1
        return { status: 409, code: 'ConditionalRequestConflict' }
      },
    })
    expect(await putText(sink, 'v1/a', 'bytes')).toBe('stored')
    expect(puts()).toHaveLength(3)
  })

  it('fails within its deadline when the store goes on saying so', async () => {
    const fault = (request: Parameters<typeof isPut>[0]) =>
      isPut(request) ? { status: 409, code: 'ConditionalRequestConflict' } : undefined
    const { sink } = await fakeSink({ fault }, { deadlineMs: 500 })
    await expect(putText(sink, 'v1/a', 'bytes')).rejects.toMatchObject({
      code: 'LELU_AUDIT_SINK_UNAVAILABLE',
    })
  })

  it('is not taken for done when the store does not list what it took', async () => {
    const fault = (request: Parameters<typeof isPut>[0]) =>
      isPut(request) ? { status: 200, headers: { 'x-amz-version-id': 'gone' } } : undefined
    const { sink } = await fakeSink({ fault })
    await expect(putText(sink, 'v1/a', 'bytes')).rejects.toMatchObject({
      code: 'LELU_AUDIT_SINK_UNAVAILABLE',
      message: expect.stringContaining('does not list it'),
    })
  })

  it('names the account that the bucket has to belong to, in every request', async () => {
    const { sink, fake } = await fakeSink({}, { expectedBucketOwner: '123456789012' })
    await sink.check()
    await putText(sink, 'v1/a', 'bytes')
    await sink.get('v1/a')
    await sink.retention('v1/a')
    for (const { headers, method, query } of fake.requests) {
      expect(headers['x-amz-expected-bucket-owner'], `${method} ${query}`).toBe('123456789012')
    }
  })
})

describe('what is put into S3 is held', () => {
  const minutes = 60_000

  it.each([-10, 10])(
    'by the clock of the store, with that of the host %i minutes beside it',
    async (by) => {
      const ahead = -by * minutes
      const { sink, puts } = await fakeSink({ now: () => Date.now() + ahead })
      await putText(sink, 'v1/a', 'bytes')
      const until = Date.parse(`${puts()[0]?.headers['x-amz-object-lock-retain-until-date']}`)
      const held = until - (Date.now() + ahead)
      // A bucket policy may ask for whole days when the request arrives.
      expect(held).toBeGreaterThan(dayMs + 50_000)
      expect(held).toBeLessThan(dayMs + 70_000)
    },
  )

  it('for longer when the clock of the host shows that time has passed', async () => {
    let wall = 0
    const { sink, puts } = await fakeSink({}, { now: () => Date.now() + wall })
    await putText(sink, 'v1/a', 'bytes')
    wall = 3_600_000 // the host has slept, and its steady clock with it
    await putText(sink, 'v1/b', 'bytes')
    const until = Date.parse(`${puts()[1]?.headers['x-amz-object-lock-retain-until-date']}`)
    expect(until - Date.now()).toBeGreaterThan(dayMs + 3_600_000)
  })

  it.each(['COMPLIANCE', 'GOVERNANCE'] as const)(
    'in mode %s for the days that were asked',
    async (mode) => {
      const { sink, puts } = await fakeSink({}, { lock: { mode, days: 30 } })
      await putText(sink, 'v1/a', 'bytes')
      const headers = puts()[0]?.headers ?? {}
      expect(headers['x-amz-object-lock-mode']).toBe(mode)
      expect(headers['x-amz-object-lock-legal-hold']).toBeUndefined()
      expect(await sink.retention('v1/a')).toMatchObject({ mode, legalHold: false })
      const until = Date.parse((await sink.retention('v1/a'))?.until ?? '')
      expect(Math.abs(until - Date.now() - 30 * dayMs)).toBeLessThan(120_000)
    },
  )

  it('by a legal hold too, where one is asked for', async () => {
    const lock = { mode: 'COMPLIANCE', days: 1, legalHold: true } as const
    const { sink, puts } = await fakeSink({}, { lock })
    await putText(sink, 'v1/a', 'bytes')
    expect(puts()[0]?.headers['x-amz-object-lock-legal-hold']).toBe('ON')
    expect(await sink.retention('v1/a')).toMatchObject({ legalHold: true })
  })

  it('unless the options say that it is not', async () => {
    const options = { lock: undefined, immutable: 'preferred' } as const
    const { sink, puts } = await fakeSink({ locked: false, versioned: false }, options as never)
    expect(await putText(sink, 'v1/a', 'bytes')).toBe('stored')
    expect(await putText(sink, 'v1/a', 'other')).toBe('different')
    expect(puts()[0]?.headers['x-amz-object-lock-mode']).toBeUndefined()
    expect(await sink.retention('v1/a')).toEqual({ mode: null, until: null, legalHold: false })
  })

  it('and nothing is put by who only reads', async () => {
    const { sink, fake } = await fakeSink({}, { lock: undefined } as never)
    const refused = { code: 'LELU_AUDIT_OPTIONS_INVALID' }
    await expect(putText(sink, 'v1/a', 'bytes')).rejects.toMatchObject(refused)
    await expect(sink.check()).rejects.toMatchObject(refused)
    expect(fake.requests).toEqual([])
    expect(await sink.get('v1/a')).toBeUndefined()
  })
})
