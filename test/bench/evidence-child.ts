// Writes a pack of evidence in a process of its own, so that its memory is that of exporting alone. Prints one JSON line.
import { exportEvidence, openSource } from '@lelu/audit/reading'

const [directory = '', out = ''] = process.argv.slice(2)
const started = performance.now()
const source = await openSource(directory)
const { records, sampled, unsigned } = await exportEvidence({
  ...{ source, out, from: '2020-01-01', to: '2100-01-01' },
})
console.log(
  JSON.stringify({
    ...{ records, sampled, unsigned },
    seconds: (performance.now() - started) / 1000,
    megabytes: process.resourceUsage().maxRSS / 1000,
  }),
)
