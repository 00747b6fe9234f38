import { expect, test } from 'vitest'
import type { HttpServer, Surface, Task } from '../../src/index.ts'
import { bearer, connect, message, modern, person, raw, serve, tokens, tool } from './serving.ts'

const task: Task = {
  taskId: 'task-1',
  status: 'working',
  createdAt: '2026-01-01T00:00:00.000Z',
  lastUpdatedAt: '2026-01-01T00:00:00.000Z',
  ttlMs: null,
}

/** One task, of alice. */
function tasked(done: string[] = []): Surface {
  const isOwn = (id: string, key: string) => id === task.taskId && key === 'test|alice'
  return {
    tools: () => [tool('slow', async () => ({ kind: 'task', task }))],
    tasks: {
      get: async (id, { key }) => (isOwn(id, key) ? task : undefined),
      update: async (id, { key }, answers) => {
        if (isOwn(id, key)) done.push(`update ${JSON.stringify(answers)}`)
        return isOwn(id, key)
      },
      cancel: async (id, { key }) => {
        if (isOwn(id, key)) done.push('cancel')
        return isOwn(id, key)
      },
    },
  }
}

const auth = tokens({ alice: person('alice'), bob: person('bob') })
const declared = { extensions: { 'io.modelcontextprotocol/tasks': {} } }

async function send(
  server: HttpServer,
  token: string,
  method: string,
  params: Record<string, unknown>,
  capabilities: object = declared,
) {
  const { headers, body } = modern(method, params, capabilities)
  return message(await raw(server, { headers: { ...headers, ...bearer(token) }, body }))
}

test('a call goes on as a task for a client that declared tasks, and for no other', async () => {
  const server = await serve(tasked(), { auth })
  const call = { name: 'slow', arguments: {} }
  const { result } = await send(server, 'alice', 'tools/call', call)
  expect(result).toMatchObject({ resultType: 'task', taskId: 'task-1', status: 'working' })
  const { error } = await send(server, 'alice', 'tools/call', call, {})
  expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities: declared } })
  const legacy = await connect(server, 'legacy', { token: 'alice' })
  expect((await legacy.callTool(call)).isError).toBe(true)
})

test('a client that did not declare tasks does not reach them', async () => {
  const done: string[] = []
  const server = await serve(tasked(done), { auth })
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    const { error } = await send(server, 'alice', method, { taskId: 'task-1' }, {})
    expect(error).toMatchObject({ code: -32021, data: { requiredCapabilities: declared } })
  }
  expect(done).toEqual([])
})

test('the task of another is answered as one that never was, and nothing happens to it', async () => {
  const done: string[] = []
  const server = await serve(tasked(done), { auth })
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    const inputResponses = { a: { action: 'accept' } }
    const foreign = await send(server, 'bob', method, { taskId: 'task-1', inputResponses })
    const unknown = await send(server, 'bob', method, { taskId: 'task-2', inputResponses })
    expect(foreign.error.code).toBe(-32602)
    expect(foreign).toEqual(unknown)
  }
  expect(done).toEqual([])
  await send(server, 'alice', 'tasks/update', {
    taskId: 'task-1',
    inputResponses: { a: { action: 'accept' }, b: 1 },
  })
  await send(server, 'alice', 'tasks/cancel', { taskId: 'task-1' })
  expect(done).toEqual(['update {"a":{"action":"accept"}}', 'cancel'])
})
