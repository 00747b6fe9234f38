import { AsyncLocalStorage } from 'node:async_hooks'
import { openAuditLog } from '@lelu/audit'
import { expect, test, vi } from 'vitest'
import { type AdapterCall, holdCall } from '../../src/adapter/index.ts'
import type { Lelu } from '../../src/index.ts'
import { policyOf, temporaryFolder, testEngine } from '../support.ts'

const call = { context: null, id: 'call-1', run: 'run-1', tool: 'trade', input: { amount: 5 } }

const allowing = policyOf(() => ({ effect: 'allow' }))

/** Holds a call of an engine that allows it; throws where it is not held. */
async function held(lelu: Lelu, more: Partial<AdapterCall<null>> = {}) {
  const options = { lelu, subject: { id: 'agent-1', type: 'agent' as const } }
  const first = await holdCall<unknown, null>(options, { ...call, ...more })
  if (!('held' in first)) throw new Error(`not held: ${first.result.status}`)
  return first.held
}

/** An engine whose log takes a decision when it is let go, or never. */
async function slowLog() {
  const log = await openAuditLog({ directory: temporaryFolder() })
  const disk = Promise.withResolvers<void>()
  const audit: typeof log = {
    ...log,
    append: async (event, options) => {
      if (event.kind === 'decision') await disk.promise
      return log.append(event, options)
    },
  }
  const lelu = await testEngine({ policies: allowing, audit })
  return { lelu, log, disk }
}

test('a call is held before its record is on disk, and runs only when it is', async () => {
  const { lelu, log, disk } = await slowLog()
  const { input, start } = await held(lelu)
  expect(input).toEqual({ amount: 5 })
  const tool = vi.fn(() => 'done')
  const result = start(tool)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(tool).not.toHaveBeenCalled()
  disk.resolve()
  expect(await result).toMatchObject({ status: 'executed', value: 'done' })
  expect(tool).toHaveBeenCalledOnce()
  await log.close()
})

test('the tool runs in the async context that it is started in, not in that of the question', async () => {
  // Frameworks keep the span and the run of an execution there, and apps their request.
  const around = new AsyncLocalStorage<string>()
  const lelu = await testEngine({ policies: allowing })
  const { start } = await around.run('question', () => held(lelu))
  const seen = () => around.getStore() ?? 'nothing'
  expect(await around.run('execution', () => start(seen))).toMatchObject({ value: 'execution' })
})

test('a call whose record cannot be written does not run', async () => {
  const { lelu, log, disk } = await slowLog()
  const { start } = await held(lelu)
  disk.reject(Object.assign(new Error('no disk'), { code: 'LELU_AUDIT_UNAVAILABLE' }))
  const tool = vi.fn()
  await expect(start(tool)).rejects.toMatchObject({ code: 'LELU_AUDIT_UNAVAILABLE' })
  expect(tool).not.toHaveBeenCalled()
  await log.close()
})

test('a call that is never started makes no noise when its record cannot be written', async () => {
  const { lelu, log, disk } = await slowLog()
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const { release } = await held(lelu)
  release()
  disk.reject(new Error('no disk'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
  await log.close()
})

test('a call runs once, and not after it was released', async () => {
  const lelu = await testEngine({ policies: allowing })
  const tool = vi.fn()
  const one = await held(lelu)
  await one.start(tool)
  expect(one.start(tool)).toBeUndefined()
  const other = await held(lelu, { id: 'call-2' })
  other.release()
  expect(other.start(tool)).toBeUndefined()
  expect(tool).toHaveBeenCalledOnce()
})

test.each(['before', 'after'] as const)(
  'a call of a run that is aborted %s it is held is released',
  async (when) => {
    const control = new AbortController()
    const policies = policyOf(() => {
      if (when === 'before') control.abort()
      return { effect: 'allow' }
    })
    const { start } = await held(await testEngine({ policies }), { signal: control.signal })
    if (when === 'after') control.abort()
    expect(start(() => 'ran')).toBeUndefined()
  },
)

test('an engine that does not tell early holds the call all the same', async () => {
  const lelu = await testEngine({ policies: allowing })
  const guard: Lelu['guard'] = (request, execute) => lelu.guard(request, execute)
  const { start } = await held({ ...lelu, guard })
  expect(await start(() => 'done')).toMatchObject({ status: 'executed', value: 'done' })
})

test('a tool that ends because its execution was aborted may still take effect: the log does not say failed', async () => {
  const outcome = vi.fn()
  const log = await openAuditLog({ directory: temporaryFolder() })
  const audit: typeof log = {
    ...log,
    append: async (event, options) => {
      if (event.kind === 'outcome') outcome(event.result.status)
      return log.append(event, options)
    },
  }
  const { start } = await held(await testEngine({ policies: allowing, audit }))
  const control = new AbortController()
  const closed = new Error('the connection was closed')
  const ending = start(() => {
    control.abort()
    throw closed
  }, control.signal)
  // The framework gets the error as it was thrown.
  expect(await ending).toMatchObject({ status: 'threw', error: closed })
  await vi.waitFor(() => expect(outcome).toHaveBeenCalledWith('unknown'))
  await log.close()
})
