// A process that appends as fast as it can and prints the id of each record that was acknowledged. It runs until it is
// killed, or ends by itself after `count` records without closing the log. Arguments: directory, callers, count.
import { writeSync } from 'node:fs'
import { openAuditLog } from '../src/index.ts'
import { decision } from './support-event.ts'

const [directory = '', callers = '16', count = 'Infinity'] = process.argv.slice(2)
const log = await openAuditLog({ directory })
let next = 0
async function caller(): Promise<void> {
  while (next < Number(count)) {
    const id = `${process.pid}-${next}`
    next += 1
    await log.append(decision(id))
    writeSync(1, `${id}\n`)
  }
}
await Promise.all(Array.from({ length: Number(callers) }, caller))
process.exit(0)
