import type { EventStore } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js'

type Kept = { id: string; stream: string; message: JSONRPCMessage; size: number }

const maxEvents = 256
const maxBytes = 1024 * 1024

/**
 * What a session sent last, for a client that lost its connection and asks again with `Last-Event-ID`. Of each session
 * its own, so that no id reaches into another's; the oldest goes when there is too much.
 */
export function createEventStore(): EventStore {
  const events: Kept[] = []
  let bytes = 0
  let next = 0
  return {
    async storeEvent(stream, message) {
      const id = `${next++}`
      const size = JSON.stringify(message).length
      events.push({ id, stream, message, size })
      bytes += size
      while (events.length > maxEvents || (bytes > maxBytes && events.length > 1))
        bytes -= events.shift()?.size ?? 0
      return id
    },
    async getStreamIdForEventId(id) {
      return events.find((event) => event.id === id)?.stream
    },
    async replayEventsAfter(lastId, { send }) {
      const at = events.findIndex(({ id }) => id === lastId)
      const stream = events[at]?.stream
      if (stream === undefined) throw new RangeError('an event that is not kept')
      for (const event of events.slice(at + 1)) {
        // The event that opens a stream is kept for its id alone.
        if (event.stream === stream && Object.keys(event.message).length > 0)
          await send(event.id, event.message)
      }
      return stream
    },
  }
}
