import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres'
import { hasPostgres, type PostgresServer, startPostgres } from '@lelu/testing'
import { createAgent } from 'langchain'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { leluMiddleware, pendingApprovals, resume } from '../src/index.ts'
import { ScriptedModel } from './scripted-model.ts'
import {
  createTools,
  openLelu,
  reviewer,
  subject,
  temporaryFolder,
  toolMessages,
} from './support.ts'

const config = { configurable: { thread_id: 'thread-1' } }
const reviewed = (id: string) => ({ id, tool: 'reviewed', input: { amount: '5' } })

/** Asks with one saver and resumes with another over the same database, one of two calls after the other. */
async function play(open: () => Promise<BaseCheckpointSaver>): Promise<void> {
  const lelu = await openLelu()
  const model = new ScriptedModel(temporaryFolder())
  model.write([[reviewed('a'), reviewed('b')]])
  const { tools, runsOf } = createTools()
  const agent = async () =>
    createAgent({
      model,
      tools,
      middleware: [leluMiddleware({ lelu, subject })],
      checkpointer: await open(),
    })
  const asked = await (await agent()).invoke(
    { messages: [{ role: 'user', content: 'Go.' }] },
    config,
  )
  expect(pendingApprovals(asked)).toHaveLength(2)
  for (const { approvalId } of pendingApprovals(asked)) {
    await lelu.approvals.review(approvalId, { verdict: 'approve', reviewer })
    const next = await agent()
    const command = await resume({ result: await next.graph.getState(config), lelu })
    const answered = await next.invoke(command ?? null, config)
    if (pendingApprovals(answered).length > 0) continue
    const { a, b } = toolMessages(answered)
    expect([a?.text, b?.text]).toEqual(['reviewed did 5', 'reviewed did 5'])
  }
  expect(runsOf('reviewed')).toBe(2)
}

function nativeSqlite(): boolean {
  try {
    const require = createRequire(
      createRequire(import.meta.url).resolve('@langchain/langgraph-checkpoint-sqlite'),
    )
    const Database = require('better-sqlite3') as new (file: string) => { close(): void }
    new Database(':memory:').close()
    return true
  } catch {
    return false
  }
}

describe('calls wait in threads that LangGraph keeps', () => {
  const built = nativeSqlite()
  const why = built ? '' : ' (skipped: better-sqlite3 is not built: node test/native/build.ts)'
  test.skipIf(!built)(`in SQLite${why}`, async () => {
    const { SqliteSaver } = await import('@langchain/langgraph-checkpoint-sqlite')
    const folder = mkdtempSync(join(tmpdir(), 'lelu-saver-'))
    await play(async () => SqliteSaver.fromConnString(join(folder, 'threads.db')))
    rmSync(folder, { recursive: true, force: true })
  })

  describe.skipIf(!hasPostgres())(
    `in PostgreSQL${hasPostgres() ? '' : ' (skipped: PostgreSQL is not installed)'}`,
    () => {
      let server: PostgresServer
      const savers: PostgresSaver[] = []
      beforeAll(async () => {
        server = await startPostgres()
      }, 300_000)
      afterAll(async () => {
        for (const saver of savers) await saver.end()
        await server.stop()
      })

      test('one of two calls after the other', async () => {
        await play(async () => {
          const saver = PostgresSaver.fromConnString(server.url)
          savers.push(saver)
          await saver.setup()
          return saver
        })
      }, 300_000)
    },
  )
})
