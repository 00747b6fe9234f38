import type { Approval } from '@lelu/engine'
import { expect, test } from 'vitest'
import { queueOfOne, run, withEngine } from './support.ts'

async function read(directory: string, id: string): Promise<Approval> {
  const { stdout, stderr } = await run(['approvals', 'show', id, '--json', '-C', directory])
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

/** A call whose tool was aborted, so that nobody knows whether it took effect. */
async function lostCall(): Promise<{ directory: string; id: string }> {
  const { directory, id } = await queueOfOne()
  await run(['approvals', 'approve', id, '--yes', '-C', directory])
  await withEngine(directory, async (lelu) => {
    const aborted = Object.assign(new Error('aborted'), { name: 'AbortError' })
    await expect(lelu.resume(id, () => Promise.reject(aborted))).rejects.toBeDefined()
    await expect(lelu.resume(id, () => 'never')).rejects.toMatchObject({
      help: expect.stringContaining(`lelu approvals reconcile ${id}`),
    })
  })
  return { directory, id }
}

test('a person says what came of a call whose process was lost', async () => {
  const { directory, id } = await lostCall()
  const said = ['--as', 'completed', '--value', '{"order":1}', '--reason', 'Looked at the broker']
  const { code, stdout } = await run(['approvals', 'reconcile', id, ...said, '-C', directory])
  expect([code, stdout]).toEqual([
    0,
    `${id} is completed: it is not run again, and the agent goes on.\n`,
  ])
  const { state, result } = await read(directory, id)
  expect({ state, result }).toMatchObject({ state: 'completed', result: { value: { order: 1 } } })
})

test.each([
  [['--as', 'done'], 'A call is not reconciled as done.'],
  [['--as', 'completed', '--value', '{'], 'The value is no JSON.'],
])('a reconciliation with %s is refused with the usage code', async (words, message) => {
  const { directory, id } = await lostCall()
  const argv = ['approvals', 'reconcile', id, ...words, '--reason', 'x', '-C', directory]
  const { code, stderr } = await run(argv)
  expect(code).toBe(2)
  expect(stderr).toContain(message)
  expect((await read(directory, id)).state).toBe('unknown')
})
