import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test, vi } from 'vitest'
import { queueOfOne, run, suspended, temporaryFolder } from './support.ts'

type Request = { url: string; headers: Record<string, unknown>; body: string }

/** A receiver on loopback; `statuses` are answered in turn, then 200. */
async function receiver(statuses: number[] = []): Promise<{ url: string; requests: Request[] }> {
  const requests: Request[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const bytes = Buffer.concat(chunks)
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
    requests.push({ url: request.url ?? '', headers: request.headers, body: body.toString() })
    response.writeHead(statuses[requests.length - 1] ?? 200).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

const forward = (directory: string, ...argv: string[]) => [
  ...['audit', 'forward', '-C', directory],
  ...argv,
]

test('forward --once sends everything to a collector, and the next time only what is new', async () => {
  const { directory } = await queueOfOne()
  const { url, requests } = await receiver()
  const argv = forward(directory, '--otlp', url, '--once')
  const env = { OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20secret,x=1' }
  const first = await run([...argv, '--from-start'], { env })
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.stdout).toMatch(/^5 records sent\n$/)
  expect(requests[0]).toMatchObject({ url: '/v1/logs', headers: { 'api-key': 'a secret', x: '1' } })
  expect(requests[0]?.body).toContain('lelu.approval.requested')
  expect((await run(argv, { env })).stdout).toBe('0 records sent\n')
  await suspended(directory)
  const json = await run([...argv, '--json'])
  expect(JSON.parse(json.stdout)).toEqual({ sent: 5, refused: 0, rejected: 0 })
  const [cursor = ''] = readdirSync(join(directory, 'forward'))
  expect(readFileSync(join(directory, 'forward', cursor), 'utf8')).not.toContain('secret')
})

test('forward takes the collector from the environment, as the OpenTelemetry SDKs do', async () => {
  const { directory } = await queueOfOne()
  const { url, requests } = await receiver()
  const argv = forward(directory, '--otlp', '--once', '--from-start')
  await run(argv, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/base/` } })
  await run(argv, { env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${url}/own/logs` } })
  expect(requests.map((one) => one.url)).toEqual(['/base/v1/logs', '/own/logs'])
  expect((await run(argv)).stderr).toMatch(/LELU_USAGE_INVALID[\s\S]*OTEL_EXPORTER_OTLP_ENDPOINT/)
})

test('forward writes OCSF into a file, to a URL, or to standard output with nothing else on it', async () => {
  const { directory } = await queueOfOne()
  const file = join(temporaryFolder(), 'ocsf.jsonl')
  await run(forward(directory, '--ocsf', file, '--once', '--from-start'))
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).metadata.event_code)).toContain('approval.requested')

  const piped = await run(forward(directory, '--ocsf', '-', '--once', '--from-start'))
  expect(piped.stdout).toBe(readFileSync(file, 'utf8'))
  expect(piped.stderr).toBe('5 records sent\n')

  const { url, requests } = await receiver()
  const env = { LELU_OCSF_HEADERS: 'authorization=Splunk%20token' }
  await run(forward(directory, '--ocsf', `${url}/raw`, '--once', '--from-start'), { env })
  expect(requests[0]).toMatchObject({ url: '/raw', headers: { authorization: 'Splunk token' } })
  expect(requests[0]?.body).toBe(piped.stdout)
})

test('forward goes on until it is interrupted, tells of an outage once, and that it is over', async () => {
  const { directory } = await queueOfOne()
  const { url, requests } = await receiver([503, 503])
  const abort = new AbortController()
  const forwarding = run(forward(directory, '--otlp', url, '--from-start'), {
    signal: abort.signal,
  })
  await vi.waitFor(() => expect(requests.length).toBeGreaterThanOrEqual(3), 30_000)
  await suspended(directory)
  await vi.waitFor(() => expect(requests.length).toBeGreaterThanOrEqual(4), 30_000)
  abort.abort()
  const { code, stdout, stderr } = await forwarding
  expect(stderr).toBe('waiting: it answered 503; trying on\nit takes records again\n')
  expect(stdout).toMatch(/^\d+ records sent\n$/)
  expect(code).toBe(0)
})

test('forward shows a person at a terminal how many records it has sent', async () => {
  const { directory } = await queueOfOne()
  const { url } = await receiver()
  const { stderr } = await run(forward(directory, '--otlp', url, '--once', '--from-start'), {
    terminal: true,
  })
  expect(stderr.endsWith('\r\u001b[K5 records sent\r\u001b[K')).toBe(true)
})

test('forward says what is wrong with its options, and quotes no secret', async () => {
  const { directory } = await queueOfOne()
  const none = await run(forward(directory))
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('--otlp URL') })
  const both = await run(forward(directory, '--otlp', 'http://127.0.0.1:1', '--ocsf', '-'))
  expect(both.code).toBe(2)
  const secret = await run(forward(directory, '--otlp', 'http://me:hunter2@127.0.0.1:1'))
  expect(secret.stderr).toMatch(/LELU_AUDIT_OPTIONS_INVALID[\s\S]*header/)
  expect(secret.stderr).not.toContain('hunter2')
  for (const headers of ['hunter2', 'a b=hunter2', 'a=hunter2%0d%0ax:1', 'a=%hunter2']) {
    const env = { OTEL_EXPORTER_OTLP_HEADERS: headers }
    const { stderr, code } = await run(forward(directory, '--otlp', 'http://127.0.0.1:1'), { env })
    expect(stderr).toContain('OTEL_EXPORTER_OTLP_HEADERS holds no headers')
    expect(stderr).not.toContain('hunter2')
    expect(code).toBe(1)
  }
  const nowhere = await run(forward('/nowhere', '--ocsf', '-', '--once'))
  expect(nowhere.stderr).toContain('LELU_AUDIT_NOT_FOUND')
})

test('forward --once ends with 1 when a record was refused for good, and names it', async () => {
  const { directory } = await queueOfOne()
  // The whole batch, then its halves, down to the first record alone, are refused.
  const { url } = await receiver([400, 400, 400])
  const { code, stdout, stderr } = await run(
    forward(directory, '--otlp', url, '--once', '--from-start'),
  )
  expect(stderr).toMatch(/^refused for good: [0-9a-z]{26}\/\d, it answered 400\n$/)
  expect(stdout).toBe('4 records sent, 1 refused, 0 not kept\n')
  expect(code).toBe(1)
})

test('forward holds back what may still be signed, sends what nobody will sign, and tells of both', async () => {
  const { directory } = await queueOfOne()
  const log = join(directory, 'audit')
  const stream = readdirSync(log).find((name) => /^[0-9a-z]{26}$/.test(name)) ?? ''
  rmSync(join(log, stream, 'checkpoint'))
  const note = join(log, 'owners', `${stream}.json`)
  writeFileSync(note, '{}')
  const argv = forward(directory, '--ocsf', '-', '--once')
  const held = await run([...argv, '--from-start'])
  expect(held.stderr).toMatch(`held back: ${stream}/0`)
  expect(held.stderr).toMatch(/^0 records sent$/m)
  rmSync(note)
  const sent = await run(argv)
  expect(sent.stderr).toMatch(`sent without a checkpoint: ${stream}/0`)
  expect(sent).toMatchObject({ code: 0, stderr: expect.stringMatching(/^5 records sent$/m) })
})

test('forward refuses a cursor that is damaged, and says how to go on', async () => {
  const { directory } = await queueOfOne()
  const cursor = join(temporaryFolder(), 'cursor.json')
  writeFileSync(cursor, '{"v":1')
  const { stderr, code } = await run(
    forward(directory, '--ocsf', '-', '--once', '--cursor', cursor),
  )
  expect(stderr).toMatch(/LELU_AUDIT_CURSOR_INVALID[\s\S]*help: .*start again from the start/)
  expect(code).toBe(1)
})
