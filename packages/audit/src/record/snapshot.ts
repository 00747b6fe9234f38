import { jsonText } from './json-bytes.ts'
import type { LogEvent } from './record-line.ts'

/** A copy of an event as it is now. */
export function snapshot(event: LogEvent): LogEvent {
  const present = Object.entries(event).filter(([, value]) => value !== undefined)
  return JSON.parse(jsonText(Object.fromEntries(present))) as LogEvent
}
