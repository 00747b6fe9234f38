import { readConfig } from '../../src/clients/files/read-config.ts'
import { writeConfig } from '../../src/clients/files/write-config.ts'

// Rewrites a file without end, for a test that kills it.
const [path = ''] = process.argv.slice(2)
for (let round = 0; ; round += 1) {
  const file = await readConfig(path)
  const parsed = JSON.parse(file.text) as { pad: string }
  const text = `${JSON.stringify({ pad: parsed.pad, round }, null, 2)}\n`
  if (text !== file.text) await writeConfig(file, text)
  console.log(round)
}
