import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWith } from '../../src/write/log.ts'
import { faultyFiles } from '../faults.ts'

/** Appends to a log with the options as they are, over a disk that does not answer, and prints what came of it. */
const directory = mkdtempSync(join(tmpdir(), 'lelu-hanging-'))
const files = faultyFiles({ before: () => new Promise(() => {}) })
const log = openWith(files, { directory })
const answer = await log.append({ kind: 'config.weakened', tenant: 'default', weakened: [] }).then(
  () => 'answered',
  (error) => `${error.code} ${error.message}`,
)
console.log(answer)
rmSync(directory, { recursive: true })
process.exit()
