import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRecords, verifyLog } from '@lelu/audit/reading'
import { createLelu, openReviewDesk, type ToolEffect } from '@lelu/engine'
import { describe, expect, it } from 'vitest'
import { testCache } from '../support/cache.ts'
import { type Ended, runProcess, temporaryFolder } from '../support/processes.ts'
import { policies, tradeOf } from './scenario.ts'

const worker = new URL('./worker.ts', import.meta.url)
const bob = { id: 'bob', issuer: 'test', method: 'test' }

type Phase = 'suspend' | 'resume'
const run = (
  directory: string,
  phase: Phase,
  effect: ToolEffect,
  step = 0,
  side = 'before',
  aheadMs = 0,
): Promise<Ended> => runProcess(worker, [directory, phase, effect, `${step}`, side, `${aheadMs}`])

function effects(directory: string): number {
  const ledger = join(directory, 'ledger.txt')
  return existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n').filter(Boolean).length : 0
}

/** A call that a person has approved, made in this process: only what is killed needs one of its own. */
async function approvedCall(effect: ToolEffect): Promise<string> {
  const directory = temporaryFolder()
  const lelu = await createLelu({ directory, policies, cache: testCache })
  const outcome = await lelu.guard(tradeOf(effect), () => 'never')
  if (outcome.status !== 'suspended') throw new Error(outcome.status)
  await lelu.approvals.review(outcome.approval.id, { verdict: 'approve', reviewer: bob })
  await lelu.close()
  return directory
}

/** Two at a time: the machine may have two cores, and a process spends most of its life starting. */
async function eachPoint(
  steps: number,
  play: (step: number, side: string) => Promise<void>,
): Promise<void> {
  const left = points(steps)
  async function lane(): Promise<void> {
    for (let point = left.shift(); point !== undefined; point = left.shift())
      await play(point.step, point.side)
  }
  await Promise.all([lane(), lane()])
}

async function stateOf(directory: string): Promise<string | undefined> {
  const desk = await openReviewDesk({ directory })
  const { approvals } = await desk.approvals.list()
  await desk.close()
  return approvals[0]?.state
}

/** How often each event of the approval is in the log, by kind. */
async function kinds(directory: string): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  const seen = new Set<string>()
  for await (const { record } of readRecords({ directory: join(directory, 'audit') })) {
    const refs = record.refs as { approval?: string; event?: number } | undefined
    // The same event written twice (a crash between the log and the note of it) is one event.
    const name = refs?.event === undefined ? undefined : `${refs.approval}/${refs.event}`
    if (name !== undefined && seen.has(name)) continue
    if (name !== undefined) seen.add(name)
    found[record.kind] = (found[record.kind] ?? 0) + 1
  }
  return found
}

async function stepsOf(phase: Phase, effect: ToolEffect): Promise<number> {
  const directory = phase === 'resume' ? await approvedCall(effect) : temporaryFolder()
  const ended = await run(directory, phase, effect)
  expect(ended.stderr).toBe('')
  return (JSON.parse(ended.stdout) as { steps: number }).steps
}

const points = (steps: number) =>
  Array.from({ length: steps }, (_, n) =>
    ['before', 'after'].map((side) => ({ step: n + 1, side })),
  ).flat()

describe('a process killed with SIGKILL', { timeout: 300_000 }, () => {
  it('at any step of suspending runs nothing, and the next process suspends the same call', async () => {
    const steps = await stepsOf('suspend', 'non_idempotent')
    expect(steps).toBeGreaterThanOrEqual(4)
    await eachPoint(steps, async (step, side) => {
      const directory = temporaryFolder()
      const killed = await run(directory, 'suspend', 'non_idempotent', step, side)
      expect(killed.signal, `${side} step ${step}`).toBe('SIGKILL')
      const again = await run(directory, 'suspend', 'non_idempotent')
      expect(again.stderr, `${side} step ${step}`).toBe('')
      expect(JSON.parse(again.stdout)).toMatchObject({ status: 'suspended' })
      expect(effects(directory)).toBe(0)
      expect(await kinds(directory)).toMatchObject({ 'approval.requested': 1 })
      expect((await verifyLog({ directory: join(directory, 'audit') })).problems).toEqual([])
    })
  })

  it.each<ToolEffect>(['non_idempotent', 'idempotent'])(
    'at any step of resuming a tool that is %s leaves at most one effect, and nothing of the story is lost',
    async (effect) => {
      const steps = await stepsOf('resume', effect)
      expect(steps).toBeGreaterThanOrEqual(9)
      const ends: Record<string, number> = {}
      await eachPoint(steps, async (step, side) => {
        const place = `${side} step ${step}`
        const directory = await approvedCall(effect)
        const killed = await run(directory, 'resume', effect, step, side)
        expect(killed.signal, place).toBe('SIGKILL')
        // By its clock the lease of whoever was killed is over.
        const again = await run(directory, 'resume', effect, 0, 'before', 60_000)
        const state = await stateOf(directory)
        ends[state ?? 'none'] = (ends[state ?? 'none'] ?? 0) + 1
        if (effect === 'non_idempotent') {
          expect(effects(directory), place).toBeLessThanOrEqual(1)
          // Either it is known to have run once, or a person must look: never a silent loss, never a second effect.
          expect(['completed', 'unknown'], place).toContain(state)
          if (state === 'completed') expect(effects(directory), place).toBe(1)
          if (state === 'unknown') expect(again.stderr, place).toContain('LELU_APPROVAL_UNKNOWN')
        } else {
          expect(state, place).toBe('completed')
          expect(effects(directory), place).toBeGreaterThanOrEqual(1)
        }
        expect(await kinds(directory), place).toMatchObject({
          'approval.requested': 1,
          'approval.decided': 1,
          outcome: 1,
        })
        expect((await verifyLog({ directory: join(directory, 'audit') })).problems, place).toEqual(
          [],
        )
      })
      // The test would be worthless if every kill hit before the claim or after the end.
      expect(ends.completed).toBeGreaterThan(0)
      if (effect === 'non_idempotent') expect(ends.unknown).toBeGreaterThan(0)
    },
  )
})
