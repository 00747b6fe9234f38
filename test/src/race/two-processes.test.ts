import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLelu } from '@lelu/engine'
import { expect, it } from 'vitest'
import { policies, tradeOf } from '../crash/scenario.ts'
import { testCache } from '../support/cache.ts'
import { startProcess, temporaryFolder } from '../support/processes.ts'

const rounds = 1000
const worker = new URL('./worker.ts', import.meta.url)

async function approvedCalls(directory: string): Promise<string[]> {
  const lelu = await createLelu({ directory, policies, cache: testCache })
  const reviewer = { id: 'bob', issuer: 'test', method: 'test' }
  const ids = await Promise.all(
    Array.from({ length: rounds }, async (_, n) => {
      const outcome = await lelu.guard(
        { ...tradeOf('non_idempotent'), run: `run-${n}` },
        () => 'never',
      )
      if (outcome.status !== 'suspended') throw new Error(outcome.status)
      await lelu.approvals.review(outcome.approval.id, { verdict: 'approve', reviewer })
      return outcome.approval.id
    }),
  )
  await lelu.close()
  return ids
}

type Racer = { child: ChildProcess; next: () => Promise<unknown> }

/** A racer that dies must fail the test at once, not hang it. */
function startRacer(directory: string): Racer {
  const child = startProcess(worker, [directory])
  const died = once(child, 'exit').then(() => Promise.reject(new Error('a racer died')))
  died.catch(() => {}) // it is killed when the test ends
  return {
    child,
    next: async () => ((await Promise.race([once(child, 'message'), died])) as unknown[])[0],
  }
}

async function ask({ child, next }: Racer, id: string): Promise<string> {
  child.send(id)
  const message = (await next()) as { id: string; answer: string }
  expect(message.id).toBe(id)
  return message.answer
}

it(`two processes that race to resume run each of ${rounds} approved calls exactly once`, {
  timeout: 300_000,
}, async () => {
  const directory = temporaryFolder()
  const ids = await approvedCalls(directory)
  const racers = [startRacer(directory), startRacer(directory)]
  await Promise.all(racers.map(({ next }) => next()))
  const tally: Record<string, number> = {}
  for (const id of ids) {
    const answers = await Promise.all(racers.map((racer) => ask(racer, id)))
    expect(
      answers.filter((answer) => answer === 'executed'),
      answers.join(),
    ).toHaveLength(1)
    for (const answer of answers) tally[answer] = (tally[answer] ?? 0) + 1
  }
  const ran = readFileSync(join(directory, 'ledger.txt'), 'utf8').split('\n').filter(Boolean)
  expect(ran).toHaveLength(rounds)
  expect(new Set(ran).size).toBe(rounds)
  // Every loser was told what happened, in a word it can act on.
  const known = [
    'executed',
    'replayed',
    'LELU_APPROVAL_EXECUTING',
    'LELU_APPROVAL_STATE',
    'LELU_TOKEN_REFUSED',
  ]
  expect(Object.keys(tally).filter((answer) => !known.includes(answer))).toEqual([])
})
