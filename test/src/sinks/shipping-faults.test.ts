import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type AuditLog, type AuditSink, openAuditLog } from '@lelu/audit'
import { readRecords, verifyLog } from '@lelu/audit/reading'
import { createLockedBucket, seededRandom, startProxy } from '@lelu/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { isElsewhere, openS3, type RealS3, warnWithoutS3 } from './rgw.ts'
import { newPrefix, sinkAt } from './stores.ts'

const bucket = `lelu-${randomUUID()}`

const decision = (id: string) => ({
  kind: 'decision' as const,
  id,
  decision: 'deny' as const,
  reasons: [{ id: 'rule', message: 'no' }],
  policy: { revision: 'r1' },
})

// A proxy of plain TCP cannot stand before a store that is reached by TLS.
describe.skipIf(warnWithoutS3() !== undefined || isElsewhere)('a log with a locked bucket', () => {
  let server: RealS3
  beforeAll(async () => {
    server = await openS3()
    await createLockedBucket(server, bucket)
  })
  afterAll(() => server?.stop())

  /** A log that reaches the bucket through `port`; `direct` does not go that way. */
  async function open(port: number, deadlineMs = 4000) {
    const folder = mkdtempSync(join(tmpdir(), 'lelu-shipping-'))
    const prefix = newPrefix()
    const sink = sinkAt(server, bucket, prefix, { port, deadlineMs })
    const direct = sinkAt(server, bucket, prefix)
    const log = await openAuditLog({ directory: join(folder, 'log'), sink, deadlineMs: 20_000 })
    onTestFinished(async () => {
      await log.close()
      await Promise.all([sink.close(), direct.close()])
      rmSync(folder, { recursive: true, force: true })
    })
    return { log, direct }
  }

  async function proxied(deadlineMs?: number) {
    const proxy = await startProxy(server.port, seededRandom(1))
    onTestFinished(() => proxy.stop())
    return { proxy, ...(await open(proxy.port, deadlineMs)) }
  }

  async function append(log: AuditLog, prefix: string, count: number) {
    const all = Array.from({ length: count }, (_, n) => log.append(decision(`${prefix}-${n}`)))
    expect(await Promise.all(all)).toHaveLength(count)
  }

  it('goes on while the store is out, and brings everything in order when it is back', async () => {
    const { proxy, log, direct } = await proxied()
    await append(log, 'before', 20)
    await expect.poll(() => log.ship()).toBe(true)
    await proxy.become('closed')
    for (let n = 0; n < 5; n += 1) {
      await append(log, `out ${n}`, 20)
      expect(await log.ship()).toBe(false)
    }
    expect(log.archive).toMatchObject({ failure: { code: 'LELU_AUDIT_SINK_UNAVAILABLE' } })
    expect(log.archive?.bytes).toBeGreaterThan(10_000)
    await proxy.become('forward')
    await expect.poll(() => log.ship(), { timeout: 60_000 }).toBe(true)
    expect(log.archive).toMatchObject({ bytes: 0, failure: undefined })
    await assertComplete(log, direct)
  })

  it('answers decisions as ever while the store is a black hole', {
    timeout: 300_000,
  }, async () => {
    const { proxy, log, direct } = await proxied(12_000)
    await append(log, 'before', 5)
    await expect.poll(() => log.ship()).toBe(true)
    await proxy.become('black-hole')
    await append(log, 'first', 5)
    let done = false
    const shipping = log.ship().finally(() => {
      done = true
    })
    for (let n = 0; n < 10; n += 1) await append(log, `hole ${n}`, 5)
    expect(done).toBe(false) // the store had not even been given up when all of them were answered
    expect(await shipping).toBe(false)
    await proxy.become('forward')
    await expect.poll(() => log.ship(), { timeout: 60_000 }).toBe(true)
    await assertComplete(log, direct)
  })

  it('puts each object once though replies are lost', { timeout: 300_000 }, async () => {
    const { proxy, log, direct } = await proxied()
    await append(log, 'before', 5)
    proxy.lose(0.4)
    for (let n = 0; n < 6; n += 1) {
      await append(log, `lossy ${n}`, 10)
      await log.ship()
    }
    proxy.lose(0)
    await expect.poll(() => log.ship(), { timeout: 60_000 }).toBe(true)
    expect(proxy.lost()).toBeGreaterThan(0)
    await assertComplete(log, direct)
  })

  it.each([
    ['503', 503, '', 'LELU_AUDIT_SINK_UNAVAILABLE'],
    [
      '403 for the clock',
      403,
      '<Error><Code>RequestTimeTooSkewed</Code></Error>',
      'LELU_AUDIT_SINK_CLOCK',
    ],
  ])('goes on while the store answers %s', { timeout: 300_000 }, async (_, status, body, code) => {
    const faults = await startFaults(server.port)
    onTestFinished(() => faults.stop())
    const { log, direct } = await open(faults.port)
    await append(log, 'before', 5)
    await expect.poll(() => log.ship()).toBe(true)
    faults.answer = { status, body }
    await append(log, 'meanwhile', 50)
    expect(await log.ship()).toBe(false)
    expect(log.archive).toMatchObject({ failure: { code } })
    faults.answer = undefined
    await append(log, 'after', 5)
    await expect.poll(() => log.ship(), { timeout: 60_000 }).toBe(true)
    await assertComplete(log, direct)
  })

  it('writes over nothing when another writer was at its next key: it goes on in a new stream', async () => {
    const { log, direct } = await open(server.port)
    await append(log, 'before', 5)
    await expect.poll(() => log.ship()).toBe(true)
    const old = log.stream
    const key = `v1/lelu/s/${old}/seg/${'6'.padStart(16, '0')}.jsonl.gz`
    const forged = Buffer.from('not a gzip member')
    expect(await direct.put(key, forged, 'application/gzip')).toBe('stored')
    await append(log, 'behind it', 5)
    expect(await log.ship()).toBe(false)
    await append(log, 'after', 5)
    expect(log.stream).not.toBe(old)
    await expect
      .poll(
        async () => {
          const found = []
          for await (const { record } of readRecords({ directory: log.directory })) {
            if (record.kind === 'recovery') found.push(record.cause)
          }
          return found
        },
        { timeout: 30_000 },
      )
      .toEqual(['conflict'])
    await log.close()
    expect(await direct.get(key)).toEqual(forged)
    for await (const object of direct.list('v1/')) {
      // Ceph keeps the second put of a key as a version behind the first; nothing else was put twice.
      if (object.key !== key) expect(object).toMatchObject({ versions: 1, hidden: false })
    }
    expect(await linesIn(direct, log.stream)).toEqual(await linesOn(log.directory, log.stream))
  })
})

async function linesOn(directory: string, stream: string): Promise<string[]> {
  const lines = []
  for await (const { raw } of readRecords({ directory, stream })) lines.push(raw)
  return lines
}

async function linesIn(sink: AuditSink, stream: string): Promise<string[]> {
  const lines = []
  for await (const { key } of sink.list(`v1/lelu/s/${stream}/seg/`)) {
    const bytes = (await sink.get(key)) as Buffer
    lines.push(...gunzipSync(bytes).toString().split('\n').slice(0, -1))
  }
  return lines
}

/** Ends the log: the bucket then holds every record once and in order, a checkpoint of all, and everything is held. */
async function assertComplete(log: AuditLog, direct: AuditSink): Promise<void> {
  await log.close()
  const lines = await linesOn(log.directory, log.stream)
  expect(await linesIn(direct, log.stream)).toEqual(lines)
  let last = ''
  for await (const { key, versions, hidden } of direct.list(`v1/lelu/s/${log.stream}/`)) {
    expect([key, versions, hidden]).toEqual([key, 1, false])
    expect(await direct.retention(key)).toMatchObject({ mode: 'COMPLIANCE' })
    if (key.includes('/cp/')) last = key
  }
  expect(Number(last.slice(-16))).toBe(lines.length)
  expect(await verifyLog({ directory: log.directory })).toMatchObject({ ok: true })
}

type Faults = {
  port: number
  /** What it answers by itself; undefined: what the store answers. */
  answer: { status: number; body: string } | undefined
  stop(): Promise<void>
}

async function startFaults(target: number): Promise<Faults> {
  const server = createServer((incoming, outgoing) => {
    const { answer } = faults
    if (answer !== undefined) {
      incoming.resume()
      incoming.on('end', () =>
        outgoing.writeHead(answer.status, { 'content-type': 'application/xml' }).end(answer.body),
      )
      return
    }
    const { url: path, method, headers } = incoming
    const options = { port: target, host: '127.0.0.1', path, method, headers }
    const passed = request(options, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const faults: Faults = {
    port: (server.address() as AddressInfo).port,
    answer: undefined,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return faults
}
