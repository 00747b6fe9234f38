import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FakeAnswer, type FakeBucket, fakeBucket, type Weakness } from './fake-bucket.ts'
import { versionsPage } from './fake-list.ts'

/** A request as it came: header names in lower case. */
export type FakeRequest = {
  method: string
  key: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  body: Buffer
}

/**
 * Instead of the answer. `lost`: it is carried out, and the connection breaks; `hang`: nothing ever comes; `stall`: the
 * headers come, and half of the body.
 */
export type FakeFault = FakeAnswer | 'lost' | 'hang' | 'stall'

/**
 * How a fake store differs from a good one: `versioned` and `locked` (default true)
 * say what its bucket keeps, `weak` what it gets wrong (default nothing).
 */
export type FakeS3Options = {
  versioned?: boolean
  locked?: boolean
  weak?: readonly Weakness[]
  /** What befalls a request. */
  fault?: (request: FakeRequest) => FakeFault | undefined
  /** How many entries a list answers with at most. Default 1000. */
  pageSize?: number
  /** The store's clock, epoch milliseconds. */
  now?: () => number
}

/** A fake store that listens on the loopback; `stop` ends it. */
export type FakeS3 = {
  endpoint: string
  port: number
  /** What has come, in order. */
  requests: FakeRequest[]
  /** Connections that are open now. */
  connections(): Promise<number>
  stop(): Promise<void>
}

const maxSkewMs = 15 * 60_000

/**
 * A small S3 in memory with one bucket, whatever its name: versions, conditional writes, checksums and Object Lock, as
 * strict as AWS or as weak as is asked. It does not check signatures.
 */
export async function startFakeS3(options: FakeS3Options = {}): Promise<FakeS3> {
  const { versioned = true, locked = true, weak = [], now = Date.now, fault } = options
  const bucket = fakeBucket({ versioned, locked, weak, now })
  const requests: FakeRequest[] = []

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://fake')
    const [, , ...key] = url.pathname.split('/')
    const come = {
      method: request.method ?? 'GET',
      key: key.map(decodeURIComponent).join('/'),
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks),
    }
    requests.push(come)
    const befalls = fault?.(come)
    if (befalls === 'hang') return
    const answer =
      typeof befalls === 'object'
        ? befalls
        : (skewed(come, now()) ?? answerOf(bucket, come, options))
    if (befalls === 'lost') return void request.socket.destroy()
    const body = answer.code === undefined ? answer.body : errorText(answer.code)
    response.sendDate = false
    response.writeHead(answer.status, {
      date: new Date(now()).toUTCString(),
      ...answer.headers,
      ...(body !== undefined && { 'content-length': body.length }),
    })
    if (befalls === 'stall') return void response.write(body?.subarray(0, body.length / 2))
    response.end(come.method === 'HEAD' ? undefined : body)
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    requests,
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function skewed({ headers }: FakeRequest, now: number): FakeAnswer | undefined {
  const sent = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(`${headers['x-amz-date']}`)
  if (sent === null) return undefined
  const [year, month, ...rest] = sent.slice(1).map(Number) as [number, number, number]
  const time = Date.UTC(year, month - 1, ...rest)
  return Math.abs(time - now) > maxSkewMs
    ? { status: 403, code: 'RequestTimeTooSkewed' }
    : undefined
}

function answerOf(
  bucket: FakeBucket,
  { method, key, query, headers, body }: FakeRequest,
  { versioned = true, locked = true, pageSize = 1_000 }: FakeS3Options,
): FakeAnswer {
  const id = query.get('versionId')
  if (key === '') {
    if (method === 'PUT' || method === 'HEAD') return { status: 200 }
    if (query.has('versioning')) return xml(versioningText(versioned))
    if (query.has('versions')) return xml(versionsPage(bucket, query, pageSize))
    if (query.has('object-lock')) {
      return locked ? xml(lockText) : { status: 404, code: 'ObjectLockConfigurationNotFoundError' }
    }
    return { status: 501, code: 'NotImplemented' }
  }
  if (method === 'PUT' && query.has('retention')) {
    const text = body.toString()
    const until = Date.parse(inside(text, 'RetainUntilDate'))
    return bucket.retain(key, id, { mode: inside(text, 'Mode'), until })
  }
  if (method === 'PUT' && query.has('legal-hold')) {
    return bucket.setLegalHold(key, id, inside(body.toString(), 'Status') === 'ON')
  }
  if (method === 'PUT') return bucket.put(key, body, headers)
  if (method === 'DELETE') return bucket.remove(key, id, headers)
  return bucket.get(key, id)
}

const xml = (text: string): FakeAnswer => ({ status: 200, body: Buffer.from(text) })
const errorText = (code: string) => Buffer.from(`<Error><Code>${code}</Code></Error>`)
const inside = (text: string, tag: string) => new RegExp(`<${tag}>([^<]*)<`).exec(text)?.[1] ?? ''
const lockText =
  '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>'
const versioningText = (isOn: boolean) =>
  `<VersioningConfiguration>${isOn ? '<Status>Enabled</Status>' : ''}</VersioningConfiguration>`
