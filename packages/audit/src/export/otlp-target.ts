import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { toOtlpLogs } from './otel-log.ts'
import { checkUrl, type PostOptions, post } from './post.ts'
import type { ForwardTarget, SendResult } from './target.ts'

const compress = promisify(gzip)

/**
 * An OpenTelemetry collector, over OTLP/HTTP with JSON, compressed. A URL without a path gets `/v1/logs`.
 * Throws `LELU_AUDIT_OPTIONS_INVALID`.
 */
export function otlpTarget({ url, headers, timeoutMs }: PostOptions): ForwardTarget {
  const endpoint = checkUrl(url)
  if (endpoint.pathname === '/') endpoint.pathname = '/v1/logs'
  const options = { url: endpoint.href, headers, timeoutMs }
  const how = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  return {
    name: `otlp ${endpoint.origin}${endpoint.pathname}`,
    async send(records, signal) {
      const body = await compress(JSON.stringify(toOtlpLogs(records)))
      const answer = await post(options, body, how, signal)
      return answer.status === 'posted' ? successOf(answer.body) : answer
    },
  }
}

/** A partial success must not be sent again (OTLP §"Partial Success"); which records it is about, nobody says. */
function successOf(body: string): SendResult {
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch {
    return { status: 'taken' } // a 2xx is the acknowledgement, whatever stands in it
  }
  const partial = (answer as { partialSuccess?: Record<string, unknown> } | null)?.partialSuccess
  const { rejectedLogRecords, errorMessage } = partial ?? {}
  const rejected = Number(rejectedLogRecords ?? 0) // a 64-bit number: a text in JSON
  const note = typeof errorMessage === 'string' && errorMessage !== '' ? { note: errorMessage } : {}
  return { status: 'taken', ...(rejected > 0 && { rejected }), ...note }
}
