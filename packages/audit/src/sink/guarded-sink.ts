import { sinkUnavailable } from './errors.ts'
import type { AuditSink } from './sink.ts'

/** What of a sink shipping needs. */
export type ShippingSink = Pick<AuditSink, 'name' | 'put' | 'get'>

/** A sink whose every failure is a coded one, so that an archive that is away is told from a local file that cannot be read. */
export function guardedSink(sink: ShippingSink): ShippingSink {
  const { name } = sink
  return {
    name,
    async put(key, bytes, contentType) {
      try {
        return await sink.put(key, bytes, contentType)
      } catch (error) {
        throw sinkUnavailable(name, `writing ${key}`, error)
      }
    },
    async get(key) {
      try {
        return await sink.get(key)
      } catch (error) {
        throw sinkUnavailable(name, `reading ${key}`, error)
      }
    },
  }
}
