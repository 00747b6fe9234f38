import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import type { OtlpLogsRequest } from '../../src/reading.ts'

export type Received = { path: string; headers: IncomingMessage['headers']; body: string }
export type Answer = (response: ServerResponse, received: Received, count: number) => void

export type Receiver = {
  url: string
  /** Every request whose body arrived, whatever was answered. */
  requests: Received[]
  /** Ids of the records in the requests that were answered with 2xx. */
  ids: string[]
  close(): Promise<void>
}

/** A real HTTP receiver on loopback that answers as it is told; without an answer it takes everything. */
export async function startReceiver(
  answer: Answer = (response) => response.end('{}'),
): Promise<Receiver> {
  const requests: Received[] = []
  const ids: string[] = []
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return // the sender was killed
    }
    const bytes = Buffer.concat(chunks)
    const zipped = request.headers['content-encoding'] === 'gzip'
    const body = (zipped ? gunzipSync(bytes) : bytes).toString()
    const received = { path: request.url ?? '', headers: request.headers, body }
    requests.push(received)
    response.on('finish', () => {
      if (response.statusCode < 300) ids.push(...idsOf(body))
    })
    answer(response, received, requests.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  onTestFinished(close)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, ids, close }
}

/** Ids of the records in a body of OTLP, or of OCSF lines. */
export function idsOf(body: string): string[] {
  if (!body.startsWith('{"resourceLogs"')) {
    const lines = body.split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line).metadata.uid)
  }
  const { resourceLogs } = JSON.parse(body) as OtlpLogsRequest
  const records = resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap((one) => one.logRecords),
  )
  return records.map(({ attributes }) => {
    const uid = attributes.find(({ key }) => key === 'log.record.uid')?.value
    return uid !== undefined && 'stringValue' in uid ? uid.stringValue : ''
  })
}
