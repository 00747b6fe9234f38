import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openReviewDesk } from '@lelu/engine'
import { expect, test } from 'vitest'
import type { PendingCall } from '../src/index.ts'
import { reviewer, temporaryFolder } from './support.ts'

const script = fileURLToPath(new URL('./agent-process.ts', import.meta.url))

type Answer = {
  pending?: PendingCall[]
  answered?: { data: Record<string, unknown> } | null
  code?: string
}

async function runAgent(folder: string, verb: 'ask' | 'resume'): Promise<Answer> {
  const words = ['--conditions=lelu:source', script, folder, verb]
  const { stdout } = await promisify(execFile)(process.execPath, words, { timeout: 100_000 })
  return JSON.parse(stdout) as Answer
}

function ledgerOf(folder: string): string[] {
  const file = join(folder, 'ledger.txt')
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
}

async function approve(folder: string, id: string): Promise<void> {
  const desk = await openReviewDesk({ directory: join(folder, '.lelu') })
  await desk.approvals.review(id, { verdict: 'approve', reviewer })
  await desk.close()
}

test('asked, approved and resumed in three processes, a call runs once, and its result is replayed in a fourth', async () => {
  const folder = temporaryFolder()
  const asked = await runAgent(folder, 'ask')
  expect(asked.pending).toHaveLength(1)
  expect(ledgerOf(folder)).toEqual([])
  await approve(folder, asked.pending?.[0]?.approvalId ?? '')
  copyFileSync(join(folder, 'threads.json'), join(folder, 'before.json'))

  const resumed = await runAgent(folder, 'resume')
  expect(resumed.answered?.data).toMatchObject({
    content: 'sent 5',
    artifact: { amount: 5 },
    status: 'success',
  })
  expect(ledgerOf(folder)).toEqual(['5'])

  // As if the process had died after the tool ran and before its answer was in the thread.
  copyFileSync(join(folder, 'before.json'), join(folder, 'threads.json'))
  const replayed = await runAgent(folder, 'resume')
  const { id: _first, ...expected } = resumed.answered?.data ?? {}
  const { id: _second, ...found } = replayed.answered?.data ?? {}
  expect(found).toEqual(expected)
  expect(ledgerOf(folder)).toEqual(['5'])
})

test('two processes that resume at once run the call once', async () => {
  const folder = temporaryFolder()
  const asked = await runAgent(folder, 'ask')
  await approve(folder, asked.pending?.[0]?.approvalId ?? '')
  await Promise.all([runAgent(folder, 'resume'), runAgent(folder, 'resume')])
  expect(ledgerOf(folder)).toEqual(['5'])
})
