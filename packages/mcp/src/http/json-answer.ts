import type { ServerResponse } from 'node:http'

/** Ends a request with a JSON-RPC error and an HTTP status. Clients of MCP show the message; scripts read the status. */
export function refuse(
  res: ServerResponse,
  status: number,
  message: string,
  { code = -32000, headers = {} }: { code?: number; headers?: Record<string, string> } = {},
): void {
  answerJson(res, status, { jsonrpc: '2.0', error: { code, message }, id: null }, headers)
}

export function answerJson(
  res: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  if (res.headersSent) {
    res.end()
    return
  }
  const text = JSON.stringify(body)
  res.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  })
  res.end(text)
}
