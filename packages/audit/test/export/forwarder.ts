import { forwardRecords, otlpTarget } from '../../src/reading.ts'

/** A forwarder in a process of its own, to be killed: folder of the log, cursor, URL. */
const [, , directory = '', cursor = '', url = ''] = process.argv
await forwardRecords({
  directory,
  cursor,
  to: otlpTarget({ url }),
  fromStart: process.argv[5] === 'from-start',
  batchRecords: 7,
  everyMs: 5,
  backoff: { minMs: 1, maxMs: 20 },
})
