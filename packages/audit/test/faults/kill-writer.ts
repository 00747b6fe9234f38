// A process that appends with an archive and prints each id that was answered, until it is killed.
// Arguments: directory, archive, keys, callers, bytes of a segment.
import { writeSync } from 'node:fs'
import { diskFiles } from '../../src/folder/file-layer.ts'
import { directorySink } from '../../src/index.ts'
import { openWith } from '../../src/write/log.ts'
import { decision } from '../support-event.ts'

const [directory = '', archive = '', keys = '', callers = '1', bytes = '1'] = process.argv.slice(2)
const sink = directorySink({ directory: archive })
const limits = {
  sealMs: 5,
  shipMs: 5,
  endedMs: 20,
  peersMs: 10,
  heartbeatMs: 30,
  reserveMs: 600_000,
}
const log = openWith(
  diskFiles,
  { directory, keys, sink },
  { ...limits, segmentBytes: Number(bytes) },
  await sink.check(),
)
let next = 0
async function caller(): Promise<never> {
  for (;;) {
    const id = `${process.pid}-${next}`
    next += 1
    await log.append(decision(id))
    writeSync(1, `${id}\n`)
  }
}
await Promise.all(Array.from({ length: Number(callers) }, caller))
