import type { AdapterHarness } from './harness.ts'
import type { WorkerTask } from './life.ts'
import { openEngine, playHere } from './move.ts'

// One move of a conversation in a process of its own: worker.ts TASK, which is JSON. Prints what came of it.

const { module, harness, directory, move, options }: WorkerTask = JSON.parse(process.argv[2] ?? '')
const exported = (await import(module)) as Record<string, AdapterHarness>
const found = Object.values(exported).find((candidate) => candidate?.name === harness)
if (found === undefined) throw new Error(`${module} exports no harness with the name ${harness}`)

const lelu = await openEngine(directory, {}, options.aheadMs)
try {
  const played = await playHere(found, lelu, directory, move, options)
  process.stdout.write(`${JSON.stringify(played)}\n`)
} finally {
  await lelu.close()
}
