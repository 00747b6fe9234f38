import type { CallToolResult } from '@modelcontextprotocol/server'
import { describe, expect, it, vi } from 'vitest'
import { createPending } from '../../src/pending/pending.ts'
import { createResume } from '../../src/pending/resume-approved.ts'
import type { Principal } from '../../src/surface/principal.ts'
import {
  alice,
  approve,
  bob,
  carol,
  type Fixture,
  fixture,
  requested,
  result,
  stranger,
  suspended,
  temporaryFolder,
  testEngine,
  unknownId,
} from '../tools/support.ts'

type Options = Parameters<typeof fixture>

function keeper({ lelu, executors }: Fixture) {
  return createPending({ lelu, resume: createResume({ lelu, executors }) }).tasks
}

async function waiting(...options: Options) {
  const made = await fixture(...options)
  return { ...made, made, tasks: keeper(made), id: await suspended(made) }
}

/** The task once it has ended. */
function ended(tasks: ReturnType<typeof keeper>, id: string, principal: Principal = alice) {
  return vi.waitFor(async () => {
    const task = await tasks.get(id, principal)
    if (task === undefined || task.status === 'working') throw new Error('still working')
    return task
  }, 30_000)
}

const big = 'x'.repeat(70_000)

describe('a task', () => {
  it('works while nobody has decided, and starts nothing', async () => {
    const { tasks, id, executors } = await waiting()
    const task = await tasks.get(id, alice)
    expect(task).toMatchObject({ taskId: id, status: 'working', ttlMs: null, pollIntervalMs: 5000 })
    expect(task?.statusMessage).toContain('Waiting for a person')
    expect(Date.parse(task?.createdAt ?? '')).toBeLessThanOrEqual(
      Date.parse(task?.lastUpdatedAt ?? ''),
    )
    expect(executors.ran).toEqual([])
  })

  it('runs once after it was approved, and keeps its result', async () => {
    const { tasks, id, executors, made } = await waiting()
    await approve(made, id)
    const looks = await Promise.all([1, 2, 3, 4].map(() => tasks.get(id, alice)))
    for (const one of looks) expect(['working', 'completed']).toContain(one?.status)
    for (const _ of [1, 2]) {
      expect(await ended(tasks, id)).toMatchObject({
        status: 'completed',
        result: { content: [{ type: 'text', text: 'traded' }], structuredContent: { ok: true } },
      })
    }
    expect(executors.ran).toHaveLength(1)
  })

  it('is the same in another process, which runs nothing again', async () => {
    const { tasks, id, executors, made } = await waiting()
    await approve(made, id)
    await ended(tasks, id)
    expect(await ended(keeper(made), id)).toMatchObject({
      result: { structuredContent: { ok: true } },
    })
    expect(executors.ran).toHaveLength(1)
  })

  it('has one effect when two engines over one store look at once', async () => {
    const directory = temporaryFolder()
    const made = await fixture({}, { directory })
    const { executors } = made
    const tasks = keeper(made)
    const other = keeper({ ...made, lelu: await testEngine({ directory }) })
    const id = await suspended(made)
    await approve(made, id)
    await Promise.all([tasks.get(id, alice), other.get(id, alice)])
    const both = await Promise.all([ended(tasks, id), ended(other, id)])
    for (const one of both)
      expect(one).toMatchObject({ result: { structuredContent: { ok: true } } })
    expect(executors.ran).toHaveLength(1)
  })

  it('ends with the reason when a person says no: completed, for the protocol did not fail', async () => {
    const { tasks, id, executors, lelu } = await waiting()
    if (carol.reviewer === null) throw new Error('no reviewer')
    const { reviewer } = carol
    await lelu.approvals.review(id, { verdict: 'deny', reviewer, reason: 'Too much.' })
    const task = await tasks.get(id, alice)
    expect(task).toMatchObject({ status: 'completed', result: { isError: true } })
    expect(task?.error).toBeUndefined()
    const text = JSON.stringify(task)
    expect(text).toContain('A reviewer denied this call: Too much. Do not retry the same call.')
    expect(text).not.toContain('carol')
    expect(executors.ran).toEqual([])
  })

  it('ends when nobody decided in time', async () => {
    let time = Date.UTC(2026, 10, 22)
    const made = await fixture({}, { now: () => time, approveWithinMs: 1000 })
    const id = await suspended(made)
    time += 2000
    const task = await keeper(made).get(id, alice)
    expect(task).toMatchObject({ status: 'completed', result: { isError: true } })
    expect(made.executors.ran).toEqual([])
  })

  it('is cancelled by its caller, and a late approval runs nothing', async () => {
    const { tasks, id, executors, made } = await waiting()
    expect(await tasks.cancel(id, alice)).toBe(true)
    expect(await tasks.get(id, alice)).toMatchObject({ status: 'cancelled' })
    await expect(approve(made, id)).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
    expect(await tasks.cancel(id, alice)).toBe(true)
    expect(executors.ran).toEqual([])
  })

  it('stays as it ended when it is cancelled afterwards', async () => {
    const { tasks, id, made } = await waiting()
    await approve(made, id)
    await ended(tasks, id)
    expect(await tasks.cancel(id, alice)).toBe(true)
    expect(await tasks.get(id, alice)).toMatchObject({ status: 'completed' })
  })

  it('takes no answer for an approval', async () => {
    const { tasks, id, lelu } = await waiting()
    const answers = { approval: { action: 'accept' as const, content: { approved: true } } }
    expect(await tasks.update(id, alice, answers)).toBe(true)
    expect(await lelu.approvals.get(id)).toMatchObject({ state: 'pending', votes: [] })
  })

  it.each([
    ['the same agent for another person', bob],
    ['the same ids in another tenant', stranger],
    ['a reviewer', carol],
  ])('is not there for %s', async (_name, other) => {
    const { tasks, id, lelu, executors, made } = await waiting()
    await approve(made, id)
    expect(await tasks.get(id, other)).toBeUndefined()
    expect(await tasks.update(id, other, {})).toBe(false)
    expect(await tasks.cancel(id, other)).toBe(false)
    expect((await lelu.approvals.get(id)).state).toBe('approved')
    expect(executors.ran).toEqual([])
  })

  it.each(['', '__proto__', unknownId, '../x', 'apr_'])(
    'is not there under the id %j',
    async (id) => {
      const { tasks } = await waiting()
      expect(await tasks.get(id, alice)).toBeUndefined()
      expect(await tasks.cancel(id, alice)).toBe(false)
    },
  )

  it('tells a result that was too large for the store, while this process knows it', async () => {
    const run = (): CallToolResult => ({ content: [{ type: 'text', text: big }] })
    const { tasks, id, executors, made } = await waiting({ run })
    await approve(made, id)
    const first = await ended(tasks, id)
    expect(first.result?.content).toEqual([{ type: 'text', text: big }])
    const elsewhere = await ended(keeper(made), id)
    expect(elsewhere.result?.isError).toBe(true)
    expect(JSON.stringify(elsewhere)).toContain('too large')
    expect(executors.ran).toHaveLength(1)
  })

  it('works on while the store knows of its end and this process has not got the result yet', async () => {
    const run = (): CallToolResult => ({ content: [{ type: 'text', text: big }] })
    const { lelu, executors, id, made } = await waiting({ run })
    await approve(made, id)
    const real = createResume({ lelu, executors })
    const gate = Promise.withResolvers<void>()
    const resume: typeof real = async (...asked) => {
      const result = await real(...asked)
      await gate.promise
      return result
    }
    const { tasks } = createPending({ lelu, resume })
    await tasks.get(id, alice)
    await expect.poll(async () => (await lelu.approvals.get(id)).state).toBe('completed')
    expect(await tasks.get(id, alice)).toMatchObject({ status: 'working' })
    gate.resolve()
    expect((await ended(tasks, id)).result?.content).toEqual([{ type: 'text', text: big }])
  })

  it('ends with an error result when the tool fails, and does not run it again', async () => {
    const run = () => {
      throw new Error('broken pipe')
    }
    const { tasks, id, executors, made } = await waiting({ run })
    await approve(made, id)
    const task = await ended(tasks, id)
    expect(task).toMatchObject({ status: 'completed', result: { isError: true } })
    expect(JSON.stringify(task)).toContain('broken pipe')
    await ended(tasks, id)
    expect(executors.ran).toHaveLength(1)
  })

  it('goes on working, and tries again, when it could not run', async () => {
    const { lelu, id, made } = await waiting()
    await approve(made, id)
    const answers: CallToolResult[] = [
      { content: [{ type: 'text', text: 'LELU_STORE_UNAVAILABLE: away' }], isError: true },
    ]
    let tries = 0
    const resume = async () => {
      tries += 1
      return answers[0] as CallToolResult
    }
    const { tasks } = createPending({ lelu, resume })
    expect((await tasks.get(id, alice))?.status).toBe('working')
    const again = await tasks.get(id, alice)
    expect(again).toMatchObject({ status: 'working' })
    expect(again?.statusMessage).toContain('LELU_STORE_UNAVAILABLE')
    expect(tries).toBe(2)
  })

  it('throws where the store does not answer: that ends no task', async () => {
    const { tasks, id, lelu } = await waiting()
    await lelu.close()
    const away = { ...lelu.approvals, get: () => Promise.reject(new Error('away')) }
    const { tasks: cut } = createPending({
      lelu: { approvals: away },
      resume: async () => ({ content: [] }),
    })
    await expect(cut.get(id, alice)).rejects.toThrow('away')
    expect(tasks).toBeDefined()
  })

  it('of a permission ends when somebody has decided, and spends nothing', async () => {
    const made = await fixture()
    const tasks = keeper(made)
    const id = await requested(made)
    expect((await tasks.get(id, alice))?.status).toBe('working')
    await approve(made, id)
    for (const _ of [1, 2]) {
      const task = await tasks.get(id, alice)
      expect(task).toMatchObject({
        status: 'completed',
        result: { structuredContent: { approval_id: id, status: 'approved' } },
      })
      expect(JSON.stringify(task)).not.toContain('ACME')
    }
    const { view } = await result(made.surface, alice, 'lelu_resume', { approval_id: id })
    expect(view.status).toBe('permitted')
    const spent = await tasks.get(id, alice)
    expect(spent).toMatchObject({ result: { structuredContent: { status: 'spent' } } })
  })
})

describe('the resume that is shared with a gateway', () => {
  it('hands no permission out, and runs nothing', async () => {
    const made = await fixture()
    const id = await requested(made)
    await approve(made, id)
    const resume = createResume(made)
    const { signal } = new AbortController()
    const answer = await resume(id, { principal: alice, signal })
    expect(answer.isError).toBe(true)
    expect((await made.lelu.approvals.get(id)).state).toBe('approved')
  })

  it.each([
    ['pending', 'LELU_APPROVAL_PENDING'],
    ['foreign', 'LELU_APPROVAL_NOT_FOUND'],
  ])('says in words why a %s call did not run', async (name, code) => {
    const made = await fixture()
    const id = await suspended(made)
    const { signal } = new AbortController()
    const principal = name === 'foreign' ? bob : alice
    const answer = await createResume(made)(id, { principal, signal })
    expect(answer.isError).toBe(true)
    expect(JSON.stringify(answer)).toContain(code)
    expect(made.executors.ran).toEqual([])
  })

  it('does not begin for a client that has gone', async () => {
    const made = await fixture()
    const id = await suspended(made)
    await approve(made, id)
    const signal = AbortSignal.abort()
    await expect(createResume(made)(id, { principal: alice, signal })).rejects.toThrow(/abort/i)
    expect(made.executors.ran).toEqual([])
  })
})
