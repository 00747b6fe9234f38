import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { directorySink } from '@lelu/audit'
import { sinkSuite } from '@lelu/testing'
import { onTestFinished } from 'vitest'

sinkSuite(
  'A folder',
  {
    async archive() {
      const directory = mkdtempSync(join(tmpdir(), 'lelu-archive-'))
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
      return { sink: () => directorySink({ directory }) }
    },
    pageSize: 100,
  },
  { versions: false },
)
