import { PutObjectCommand } from '@aws-sdk/client-s3'
import { s3Sink } from '@lelu/audit/s3'
import { s3Client } from '@lelu/testing'
import { describe, expect, it, vi } from 'vitest'
import { fakeSink, putText } from './fake.ts'
import { anybody } from './stores.ts'

const unavailable = { code: 'LELU_AUDIT_SINK_UNAVAILABLE' }

describe('reading from S3', () => {
  it('ends at its deadline with a client that has no timeout', async () => {
    const { sink } = await fakeSink({ fault: () => 'hang' }, { client: {}, deadlineMs: 300 })
    await expect(sink.get('v1/a')).rejects.toMatchObject(unavailable)
  })

  it('ends at its deadline with a client whose timeout only warns', async () => {
    const client = { requestHandler: { requestTimeout: 50 }, logger: {} as never }
    const { sink } = await fakeSink({ fault: () => 'hang' }, { client, deadlineMs: 300 })
    await expect(sink.get('v1/a')).rejects.toMatchObject(unavailable)
  })

  it('tries again by itself when one request is not answered', async () => {
    let hung = 0
    const fault = () => {
      hung += 1
      return hung === 1 ? ('hang' as const) : undefined
    }
    const { sink, fake } = await fakeSink({ fault }, { deadlineMs: 6_000 })
    expect(await sink.get('v1/a')).toBeUndefined()
    expect(fake.requests).toHaveLength(2)
  })

  it('ends at its deadline when a body stops half-way', async () => {
    const { sink, fake } = await fakeSink(
      { fault: ({ method, key }) => (method === 'GET' && key !== '' ? 'stall' : undefined) },
      { deadlineMs: 3_000 },
    )
    await putText(sink, 'v1/a', 'some bytes')
    const before = await fake.connections()
    await expect(sink.get('v1/a')).rejects.toMatchObject(unavailable)
    // Else each such try would keep a connection, until there are no more.
    await vi.waitFor(async () => expect(await fake.connections()).toBeLessThan(before), 30_000)
  })

  it('reads what was listed with one request', async () => {
    const { sink, fake } = await fakeSink()
    await putText(sink, 'v1/a', 'bytes')
    for await (const { key } of sink.list('v1/')) {
      const before = fake.requests.length
      expect((await sink.get(key))?.toString()).toBe('bytes')
      expect(fake.requests.length - before).toBe(1)
    }
  })

  it('lists keys that would break its XML, beside the others', async () => {
    const { sink, fake } = await fakeSink({ pageSize: 1 })
    const odd = ['a b+c', 'b\u0001<&>', 'c%2F', 'dé']
    const owner = await s3Client({ ...anybody, endpoint: fake.endpoint })
    for (const key of odd) {
      await owner.send(new PutObjectCommand({ Bucket: 'audit', Key: `v1/${key}`, Body: 'x' }))
    }
    const keys = []
    for await (const { key } of sink.list('v1/')) keys.push(key)
    expect(keys).toEqual(odd.map((key) => `v1/${key}`))
    expect((await sink.get('v1/a b+c'))?.toString()).toBe('x')
  })

  it('does not go round for ever when a list does not say where it goes on', async () => {
    const text = '<ListVersionsResult><IsTruncated>true</IsTruncated></ListVersionsResult>'
    const { sink } = await fakeSink({ fault: () => ({ status: 200, body: Buffer.from(text) }) })
    const all = async () => {
      for await (const one of sink.list('v1/')) expect.fail(one.key)
    }
    await expect(all()).rejects.toMatchObject(unavailable)
    await expect(sink.get('v1/a')).rejects.toMatchObject(unavailable)
  })

  it.each([
    ['nothing', ''],
    ["somebody else's page", '<html><body>Sign in to this network</body></html>'],
  ])('takes an answer that is %s for no list, and so for no empty archive', async (_, text) => {
    const { sink } = await fakeSink({ fault: () => ({ status: 200, body: Buffer.from(text) }) })
    await expect(sink.list('v1/')[Symbol.asyncIterator]().next()).rejects.toMatchObject(unavailable)
    await expect(sink.get('v1/a')).rejects.toMatchObject(unavailable)
  })

  it('leaves a client that it was given open', async () => {
    const { fake } = await fakeSink()
    const client = await s3Client({ ...anybody, endpoint: fake.endpoint })
    let destroyed = 0
    const destroy = client.destroy.bind(client)
    client.destroy = () => {
      destroyed += 1
      destroy()
    }
    const sink = s3Sink({ bucket: 'audit', client })
    await sink.get('v1/a')
    await sink.close()
    expect(destroyed).toBe(0)
    client.destroy()
  })
})

describe('a refusal of S3', () => {
  it.each([
    [403, 'AccessDenied', 'permissions'],
    [403, 'SignatureDoesNotMatch', 'secret access key'],
    [404, 'NoSuchBucket', 'Make the bucket'],
    [301, 'PermanentRedirect', 'region'],
    [501, 'NotImplemented', 'lacks a part of S3'],
    [400, 'InvalidRequest', 'made with Object Lock'],
  ])('with %i %s says what to do', async (status, code, help) => {
    const { sink } = await fakeSink({ fault: () => ({ status, code }) })
    await expect(putText(sink, 'v1/a', 'bytes')).rejects.toMatchObject({
      code: 'LELU_AUDIT_SINK_REFUSED',
      message: expect.stringContaining(code),
      help: expect.stringContaining(help),
      details: { sink: 's3://audit', error: code, status },
    })
  })

  it.each([
    [429, 'TooManyRequests'],
    [408, 'RequestTimeout'],
    [500, 'InternalError'],
    [503, 'SlowDown'],
  ])('with %i %s is a failure that passes', async (status, code) => {
    const { sink } = await fakeSink({ fault: () => ({ status, code }) }, { deadlineMs: 3_000 })
    await expect(sink.get('v1/a')).rejects.toMatchObject(unavailable)
  })

  it('tells no secrets', async () => {
    for (const code of ['SignatureDoesNotMatch', 'AccessDenied', 'InternalError']) {
      const status = code === 'InternalError' ? 500 : 403
      const { sink, fake } = await fakeSink({ fault: () => ({ status, code }) })
      const error = await putText(sink, 'v1/a', 'bytes').catch((caught) => caught)
      const told = `${error.message} ${error.help} ${JSON.stringify(error.details)}`
      expect(fake.requests[0]?.headers.authorization).toMatch(/Signature=/)
      expect(told).not.toMatch(/Signature=|Credential=/)
      expect(told).not.toContain(anybody.secretAccessKey)
    }
  })

  it.each([
    [{ bucket: 'UPPER' }, 'bucket'],
    [{ bucket: 'audit/prod' }, 'bucket'],
    [{ prefix: '/a' }, 'prefix'],
    [{ prefix: 'a/../b' }, 'prefix'],
    [{ lock: { mode: 'NONE', days: 1 } }, 'lock.mode'],
    [{ lock: { mode: 'COMPLIANCE', days: 0 } }, 'lock.days'],
    [{ lock: { mode: 'COMPLIANCE', days: 1.5 } }, 'lock.days'],
    [{ immutable: 'maybe' }, 'immutable'],
    [{ endpoint: 'https://user:secret@store.example' }, 'endpoint'],
    [{ endpoint: 'store' }, 'endpoint'],
    [{ deadlineMs: 0 }, 'deadlineMs'],
    [{ client: {}, region: 'eu-west-1' }, 'client'],
  ])('comes before any request for the options %j', (options, word) => {
    expect(() => s3Sink({ bucket: 'audit', ...options } as never)).toThrow(
      expect.objectContaining({
        code: 'LELU_AUDIT_OPTIONS_INVALID',
        message: expect.not.stringContaining('secret'),
      }),
    )
    expect(() => s3Sink({ bucket: 'audit', ...options } as never)).toThrow(word)
  })
})
