import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type AuditLog,
  type ForwardEvent,
  type ForwardOptions,
  forwardRecords,
  ocsfFileTarget,
  ocsfHttpTarget,
  openAuditLog,
  otlpTarget,
} from '../../src/index.ts'
import { decision, segmentsOf, temporaryFolder, writeStream } from '../support.ts'
import { ocsfProblems } from './check-ocsf.ts'
import { otlpProblems } from './check-otlp.ts'
import { type Answer, idsOf, startReceiver } from './receiver.ts'

const quick = { backoff: { minMs: 1, maxMs: 10 }, everyMs: 2 }

async function openLog(directory: string): Promise<AuditLog> {
  const log = await openAuditLog({ directory })
  onTestFinished(() => log.close())
  return log
}

/** A log of 20 decisions in two streams, and where its cursor would be. */
async function logOfTwenty(): Promise<{ directory: string; cursor: string; all: string[] }> {
  const folder = temporaryFolder()
  const directory = join(folder, 'audit')
  await writeStream(directory, 10, 'a')
  await writeStream(directory, 10, 'b')
  const all = ['a', 'b'].flatMap((name) => Array.from({ length: 10 }, (_, n) => `${name}${n}`))
  return { directory, cursor: join(folder, 'forward', 'cursor.json'), all }
}

async function once(options: Omit<ForwardOptions, 'once'>) {
  const events: ForwardEvent[] = []
  const onEvent = (event: ForwardEvent) => void events.push(event)
  const report = await forwardRecords({ ...quick, ...options, once: true, onEvent })
  return { report, events }
}

/** Forwards the twenty to a receiver that answers so, until all is sent. */
async function sendTwenty(
  answer?: Answer,
  { timeoutMs = 20_000, ...more }: Partial<ForwardOptions> & { timeoutMs?: number } = {},
) {
  const { directory, cursor, all } = await logOfTwenty()
  const receiver = await startReceiver(answer)
  const to = otlpTarget({ url: receiver.url, timeoutMs })
  const result = await once({ directory, cursor, to, fromStart: true, tries: 50, ...more })
  return { ...result, ...receiver, all, directory, cursor }
}

describe('forwarding', () => {
  it('sends every record of all streams once, as OTLP, and nothing of it again', async () => {
    const { requests, ids, all, directory, cursor, url, report } = await sendTwenty()
    for (const { path, headers, body } of requests) {
      expect(path).toBe('/v1/logs')
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      })
      expect(otlpProblems(JSON.parse(body))).toEqual([])
    }
    expect(ids.filter((id) => all.includes(id)).sort()).toEqual(all)
    expect(report).toEqual({ sent: 24, refused: 0, rejected: 0 })
    const again = await once({ directory, cursor, to: otlpTarget({ url }) })
    expect(again.report.sent).toBe(0)
    expect(ids).toHaveLength(24)
  })

  it('goes on with what is written meanwhile, by any process, in small batches', async () => {
    const { directory, cursor, all } = await logOfTwenty()
    const { url, ids } = await startReceiver()
    const stop = new AbortController()
    const to = otlpTarget({ url })
    const options = { ...quick, directory, cursor, to, fromStart: true, batchRecords: 3 }
    const forwarding = forwardRecords({ ...options, signal: stop.signal })
    const log = await openLog(directory)
    const later = Array.from({ length: 30 }, (_, n) => `c${n}`)
    for (const id of later) await log.append(decision(id))
    await expect.poll(() => ids.length, { timeout: 10_000 }).toBe(24 + 31)
    stop.abort()
    await forwarding
    const sent = ids.filter((id) => /^[abc]\d+$/.test(id)).sort()
    expect(sent).toEqual([...all, ...later].sort())
  })

  it('begins with what is new without a cursor, and loses nothing between two runs', async () => {
    const { directory, cursor } = await logOfTwenty()
    const { url, ids } = await startReceiver()
    await once({ directory, cursor, to: otlpTarget({ url }) })
    expect(ids).toEqual([])
    const log = await openLog(directory)
    await log.append(decision('new'))
    await once({ directory, cursor, to: otlpTarget({ url }) })
    expect(ids.at(-1)).toBe('new')
    expect(ids).toHaveLength(2) // with the genesis of its stream
    await once({ directory, cursor, to: otlpTarget({ url }), fromStart: true })
    expect(ids).toHaveLength(2 + 26)
  })

  // Long enough for an answer on a busy machine: only a receiver that never answers is waited for.
  const faulty = { timeoutMs: 500 }

  it.each<[string, Answer]>([
    ['answers 503', (response) => response.writeHead(503).end()],
    [
      'answers 429 with Retry-After',
      (response) => response.writeHead(429, { 'retry-after': '0' }).end(),
    ],
    ['answers 401, which may be mended', (response) => response.writeHead(401).end()],
    ['answers 500', (response) => response.writeHead(500).end('{"x":')],
    ['never answers', () => {}],
    ['hangs up', (response) => response.destroy()],
    ['takes the batch, and loses the reply', (response) => response.socket?.destroy()],
  ])('waits for a receiver that %s, and then sends everything', async (_name, fault) => {
    const { ids, all, events, report } = await sendTwenty((response, received, count) => {
      if (count % 2 === 1) fault(response, received, count)
      else response.end('{}')
    }, faulty)
    expect(new Set(ids)).toEqual(new Set([...all, ...ids]))
    expect(report.sent).toBe(24)
    expect(events.filter(({ type }) => type === 'waiting').length).toBeGreaterThan(0)
  })

  it('waits as long as Retry-After says', async () => {
    const started = Date.now()
    const { report } = await sendTwenty((response, _received, count) => {
      if (count > 1) response.end('{}')
      else response.writeHead(503, { 'retry-after': '1' }).end()
    })
    expect(report.sent).toBe(24)
    expect(Date.now() - started).toBeGreaterThanOrEqual(1000)
  })

  it('is not kept waiting for a day, nor by an answer without an end', async () => {
    const { directory, cursor } = await logOfTwenty()
    const { url } = await startReceiver((response, _received, count) => {
      if (count === 1) response.writeHead(503, { 'retry-after': '86400' }).end()
      else response.write(' '.repeat(200_000))
    })
    const stop = new AbortController()
    const waits: number[] = []
    const onEvent = (event: ForwardEvent) => {
      if (event.type !== 'waiting') return
      waits.push(event.afterMs)
      stop.abort()
    }
    const to = otlpTarget({ url, timeoutMs: 5000 })
    const options = { ...quick, directory, cursor, to, onEvent }
    await forwardRecords({ ...options, fromStart: true, signal: stop.signal })
    expect(waits).toEqual([300_000])
    expect((await once({ directory, cursor, to })).report.sent).toBe(24)
  })

  it('does not follow a receiver that sends elsewhere: the headers are for it alone', async () => {
    const elsewhere = await startReceiver()
    const { report, events } = await sendTwenty((response, _received, count) => {
      if (count > 1) response.end('{}')
      else response.writeHead(307, { location: elsewhere.url }).end()
    })
    expect(report.sent).toBe(24)
    expect(events).toContainEqual(expect.objectContaining({ why: 'it answered 307' }))
    expect(elsewhere.requests).toEqual([])
  })

  it('sends nothing that is not on the disk', async () => {
    const { directory, cursor } = await logOfTwenty()
    const handle = await open(join(directory, segmentsOf(directory)[0] ?? ''))
    const sync = vi.spyOn(Object.getPrototypeOf(handle), 'datasync')
    await handle.close()
    onTestFinished(() => sync.mockRestore())
    const synced: number[] = []
    const to = {
      name: 'test',
      async send() {
        synced.push(sync.mock.calls.length)
        return { status: 'taken' as const }
      },
    }
    await once({ directory, cursor, to, fromStart: true })
    // The cursor of the beginning, and each of the two segments of the batch.
    expect(synced).toEqual([3])
  })

  it('lets no stream starve another', async () => {
    const { ids } = await sendTwenty(undefined, { batchRecords: 1 })
    const events = ids.filter((id) => /^[ab]\d$/.test(id))
    expect(events.slice(0, 6)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2'])
  })

  it('tells of a partial success, and does not send the batch again', async () => {
    const body = '{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}'
    const { requests, events, report } = await sendTwenty((response) => response.end(body))
    expect(requests).toHaveLength(1)
    expect(report).toEqual({ sent: 24, refused: 0, rejected: 2 })
    expect(events).toContainEqual({ type: 'rejected', records: 2, note: 'too old' })
  })

  it('lays aside a record that is refused for good, by name, and sends all others', async () => {
    const { ids, all, cursor, report } = await sendTwenty((response, { body }) => {
      response.writeHead(idsOf(body).includes('b3') ? 400 : 200).end('{}')
    })
    expect(ids.filter((id) => all.includes(id)).sort()).toEqual(all.filter((id) => id !== 'b3'))
    expect(report).toEqual({ sent: 23, refused: 1, rejected: 0 })
    const [line = '', ...others] = readFileSync(`${cursor}.refused`, 'utf8').trimEnd().split('\n')
    expect(JSON.parse(line)).toMatchObject({ id: 'b3', seq: 4, why: 'it answered 400' })
    expect(others).toEqual([])
  })

  it('lays nothing aside while a receiver refuses everything: that is a wrong address', async () => {
    const { directory, cursor } = await logOfTwenty()
    const { url } = await startReceiver((response) => response.writeHead(400).end())
    const to = otlpTarget({ url })
    await expect(once({ directory, cursor, to, fromStart: true, tries: 2 })).rejects.toMatchObject({
      code: 'LELU_AUDIT_EXPORT_FAILED',
      message: expect.stringContaining('refuses everything'),
    })
    expect(existsSync(`${cursor}.refused`)).toBe(false)
    const good = await startReceiver()
    const mended = { ...otlpTarget({ url: good.url }), name: to.name }
    expect((await once({ directory, cursor, to: mended })).report.sent).toBe(24)
  })

  it('gives up with `once` when the receiver is down, and keeps its place', async () => {
    const { directory, cursor } = await logOfTwenty()
    const { url, close } = await startReceiver()
    await close()
    const to = otlpTarget({ url })
    await expect(once({ directory, cursor, to, fromStart: true, tries: 3 })).rejects.toMatchObject({
      code: 'LELU_AUDIT_EXPORT_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('ends at once when it is aborted in the middle of a request, without counting it', async () => {
    const { directory, cursor } = await logOfTwenty()
    const { url, requests } = await startReceiver(() => {})
    const stop = new AbortController()
    const to = otlpTarget({ url })
    const forwarding = forwardRecords({
      ...quick,
      directory,
      cursor,
      to,
      fromStart: true,
      signal: stop.signal,
    })
    await expect.poll(() => requests.length).toBe(1)
    stop.abort()
    expect(await forwarding).toEqual({ sent: 0, refused: 0, rejected: 0 })
    const good = await startReceiver()
    const next = { ...otlpTarget({ url: good.url }), name: to.name }
    expect((await once({ directory, cursor, to: next })).report.sent).toBe(24)
  })

  it('sends only as many records of a stream as it may', async () => {
    const { ids } = await sendTwenty(undefined, { until: async () => 4 })
    const events = ids.filter((id) => /^[ab]\d$/.test(id))
    expect(events.sort()).toEqual(['a0', 'a1', 'a2', 'b0', 'b1', 'b2'])
  })

  it('waits for the end of a line, passes over what is no record, and tells of a gap', async () => {
    const { directory, cursor } = await logOfTwenty()
    const path = join(directory, segmentsOf(directory)[1] ?? '')
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    writeFileSync(
      path,
      `${[...lines.slice(0, 3), 'garbage', ...lines.slice(5, 7)].join('\n')}\n${lines[7]?.slice(0, 40)}`,
    )
    const { url, ids } = await startReceiver()
    const { events } = await once({ directory, cursor, to: otlpTarget({ url }), fromStart: true })
    expect(ids.filter((id) => id.startsWith('b')).sort()).toEqual(['b0', 'b1', 'b4', 'b5'])
    expect(events).toContainEqual(expect.objectContaining({ type: 'no_record', line: 4 }))
    expect(events).toContainEqual(expect.objectContaining({ type: 'gap', expected: 3, found: 5 }))
    appendFileSync(path, `${lines[7]?.slice(40)}\n`)
    await once({ directory, cursor, to: otlpTarget({ url }) })
    expect(ids.at(-1)).toBe('b6')
  })

  it('refuses a cursor that is damaged or of another receiver, and a URL with a password', async () => {
    const { directory, cursor, url } = await sendTwenty()
    const invalid = { code: 'LELU_AUDIT_CURSOR_INVALID' }
    const other = ocsfHttpTarget({ url })
    await expect(once({ directory, cursor, to: other })).rejects.toMatchObject(invalid)
    writeFileSync(cursor, readFileSync(cursor, 'utf8').slice(0, -20))
    await expect(once({ directory, cursor, to: otlpTarget({ url }) })).rejects.toMatchObject(
      invalid,
    )
    for (const wrong of ['http://me:secret@127.0.0.1/', 'ftp://127.0.0.1/', 'nothing']) {
      expect(() => otlpTarget({ url: wrong })).toThrow(
        expect.objectContaining({
          code: 'LELU_AUDIT_OPTIONS_INVALID',
          message: expect.not.stringContaining('secret'),
        }),
      )
    }
  })
})

describe('OCSF', () => {
  it('goes to a webhook as lines of JSON, with the headers it needs', async () => {
    const { directory, cursor, all } = await logOfTwenty()
    const { url, requests, ids } = await startReceiver()
    const to = ocsfHttpTarget({
      url: `${url}/services/collector/raw?x=1`,
      headers: { authorization: 'Splunk t' },
    })
    await once({ directory, cursor, to, fromStart: true })
    expect(requests[0]).toMatchObject({
      path: '/services/collector/raw?x=1',
      headers: { authorization: 'Splunk t', 'content-type': 'application/x-ndjson' },
    })
    const lines = requests.flatMap(({ body }) => body.trimEnd().split('\n'))
    for (const line of lines) expect(ocsfProblems(JSON.parse(line))).toEqual([])
    expect(ids.filter((id) => all.includes(id)).sort()).toEqual(all)
  })

  it('goes to a file, and after a torn line goes on with a whole one', async () => {
    const { directory, cursor, all } = await logOfTwenty()
    const path = join(directory, '..', 'ocsf.jsonl')
    writeFileSync(path, '{"torn":')
    await once({ directory, cursor, to: ocsfFileTarget(path), fromStart: true })
    const [torn, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
    expect(torn).toBe('{"torn":')
    const ids = lines.map((line) => JSON.parse(line).metadata.uid)
    expect(ids.filter((id) => all.includes(id)).sort()).toEqual(all)
  })

  it('waits for a file that cannot be written', async () => {
    const { directory, cursor } = await logOfTwenty()
    const to = ocsfFileTarget(join(directory, '..', 'none', 'ocsf.jsonl'))
    await expect(once({ directory, cursor, to, fromStart: true, tries: 2 })).rejects.toMatchObject({
      message: expect.stringContaining('ENOENT'),
    })
  })
})

describe('a forwarder that is killed', () => {
  const program = fileURLToPath(new URL('./forwarder.ts', import.meta.url))

  function start(args: string[]) {
    const child = spawn(process.execPath, ['--conditions=lelu:source', program, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
    const kill = async () => {
      child.kill('SIGKILL')
      await ended
    }
    onTestFinished(kill)
    return kill
  }

  it('leaves no record unsent, wherever it was, though the receiver fails too', async () => {
    const folder = temporaryFolder()
    const directory = join(folder, 'audit')
    const cursor = join(folder, 'cursor.json')
    const log = await openLog(directory)
    await log.append(decision('n0'))
    let fail = 0
    const { url, ids, requests } = await startReceiver((response) => {
      fail += 1
      if (fail % 5 === 0) response.writeHead(503).end()
      else if (fail % 7 === 0) response.destroy()
      else setTimeout(() => response.end('{}'), 2)
    })
    let written = 1
    const writing = setInterval(() => {
      log.append(decision(`n${written}`)).catch(() => {})
      written += 1
    }, 10)
    onTestFinished(() => clearInterval(writing))
    for (let round = 0; round < 4; round += 1) {
      const before = requests.length
      const kill = start([directory, cursor, url, round === 0 ? 'from-start' : ''])
      await expect
        .poll(() => requests.length, { timeout: 40_000 })
        .toBeGreaterThan(before + 3 + round)
      await kill()
    }
    clearInterval(writing)
    start([directory, cursor, url, ''])
    const all = Array.from({ length: written }, (_, n) => `n${n}`)
    await expect.poll(() => new Set(ids).size, { timeout: 40_000 }).toBe(written + 1)
    expect(all.filter((id) => !ids.includes(id))).toEqual([])
    expect(readdirSync(folder).filter((name) => name.endsWith('.refused'))).toEqual([])
  }, 120_000)
})
