import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server'
import { isPlainJson } from '../eras/plain-json.ts'

/** An envelope, its params and a tool's input lie around what `isPlainJson` allows an input. */
const maxDepth = 96

/**
 * Splits a connection by the era its client speaks: modern until it says `initialize`, legacy from there on. A client
 * that is not sure asks `server/discover` first, and may initialize after it has seen the answer. `openLegacy` connects
 * the legacy server, at once. `modern` is the modern
 * server's transport, and `closed` settles when the connection has ended.
 */
export function splitEras(
  wire: Transport,
  openLegacy: (transport: Transport) => void,
): { modern: Transport; closed: Promise<void> } {
  const modern: Transport = {
    start: () => wire.start(),
    send: (message, options) => wire.send(message, options),
    close: () => wire.close(),
  }
  let legacy: Transport | undefined
  const closed = new Promise<void>((resolve) => {
    wire.onclose = () => {
      modern.onclose?.()
      legacy?.onclose?.()
      resolve()
    }
  })
  wire.onerror = (error) => (legacy ?? modern).onerror?.(error)
  wire.onmessage = (message, extra) => {
    // Like a body over HTTP that is refused: nothing of it reaches a server, and there is no id that could be trusted.
    if (!isPlainJson(message, maxDepth)) {
      wire.onerror?.(new RangeError('a message that is nested too deep'))
      return
    }
    if (legacy === undefined && isInitialize(message)) {
      legacy = { start: async () => {}, send: modern.send, close: modern.close }
      openLegacy(legacy)
    }
    const current = legacy ?? modern
    current.onmessage?.(message, extra)
  }
  return { modern, closed }
}

function isInitialize(message: JSONRPCMessage): boolean {
  return 'method' in message && message.method === 'initialize'
}
