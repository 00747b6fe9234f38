import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server'
import { isPlainJson } from '../eras/plain-json.ts'

/** One connection as two, of which at most one hears messages. */
export type SplitEras = {
  modern: Transport
  legacy: Transport
  /** Settles when the connection has ended. */
  closed: Promise<void>
}

/** An envelope, its params and a tool's input lie around what `isPlainJson` allows an input. */
const maxDepth = 96

/**
 * Splits a connection by the era its client speaks: modern until it says `initialize`, legacy from there on. A client
 * that is not sure asks `server/discover` first, and may initialize after it has seen the answer.
 */
export function splitEras(wire: Transport): SplitEras {
  const modern = half(wire)
  const legacy = half(wire)
  let current = modern
  let started: Promise<void> | undefined
  const start = () => {
    started ??= wire.start()
    return started
  }
  const closed = new Promise<void>((resolve) => {
    wire.onclose = () => {
      modern.onclose?.()
      legacy.onclose?.()
      resolve()
    }
  })
  wire.onerror = (error) => current.onerror?.(error)
  wire.onmessage = (message, extra) => {
    // Like a body over HTTP that is refused: nothing of it reaches a server, and there is no id that could be trusted.
    if (!isPlainJson(message, maxDepth)) {
      current.onerror?.(new RangeError('a message that is nested too deep'))
      return
    }
    if (current === modern && isInitialize(message)) current = legacy
    current.onmessage?.(message, extra)
  }
  modern.start = start
  legacy.start = start
  return { modern, legacy, closed }
}

function isInitialize(message: JSONRPCMessage): boolean {
  return 'method' in message && message.method === 'initialize'
}

/** A half ends without ending the other: the one that is not spoken to is closed by its server. */
function half(wire: Transport): Transport {
  return {
    start: async () => {},
    send: (message, options) => wire.send(message, options),
    close: async () => {},
  }
}
