// Verifies a folder in a process of its own, so that its memory is that of verifying alone. Prints one JSON line.
import { verifyLog } from '@lelu/audit/reading'

const started = performance.now()
const used = process.cpuUsage()
const { ok, records, streams } = await verifyLog({ directory: process.argv[2] ?? '' })
const { user, system } = process.cpuUsage(used)
const covered = streams.reduce((sum, stream) => sum + stream.covered, 0)
console.log(
  JSON.stringify({
    ok: ok && covered === records,
    perSecond: (records * 1000) / (performance.now() - started),
    perCpuSecond: (records * 1e6) / (user + system),
    megabytes: process.resourceUsage().maxRSS / 1000,
  }),
)
