import type { CallToolResult, ElicitResult, Result, Server } from '@modelcontextprotocol/server'
import type { Peer, Task, TaskKeeper } from '../surface/call.ts'
import type { Principal } from '../surface/principal.ts'
import { tasksExtension } from './capabilities.ts'
import { asRequest, sortReplies } from './questions.ts'
import { RpcFault, rpcCodes } from './rpc-fault.ts'

/** A call that goes on as a task. A client that did not declare the extension cannot follow one. */
export function taskResult(task: Task, peer: Peer): CallToolResult {
  if (!peer.tasks) throw tasksNotDeclared()
  const { result: _result, error: _error, questions: _questions, ...envelope } = task
  // The SDK passes it on as it is; its types know results of tools only.
  return { resultType: 'task', ...envelope } as unknown as CallToolResult
}

function tasksNotDeclared(): RpcFault {
  return new RpcFault(
    rpcCodes.missingCapability,
    'LELU_MCP_CLIENT_UNABLE: This call goes on as a task, and the client did not declare tasks. Use a client that does.',
    { requiredCapabilities: { extensions: { [tasksExtension]: {} } } },
  )
}

type Guarded = <T>(answer: () => T | Promise<T>) => Promise<T>

/** Answers `tasks/get`, `tasks/update` and `tasks/cancel` (extension `io.modelcontextprotocol/tasks`). */
export function serveTasks(
  server: Server,
  tasks: TaskKeeper,
  principal: Principal,
  guarded: Guarded,
): void {
  server.setRequestHandler('tasks/get', { params: taskParams }, ({ taskId }) =>
    guarded(async () => {
      const task = await tasks.get(taskId, principal)
      if (task === undefined) throw unknownTask()
      return detailed(task)
    }),
  )
  server.setRequestHandler('tasks/update', { params: updateParams }, ({ taskId, replies }) =>
    guarded(async () => acknowledged(await tasks.update(taskId, principal, replies))),
  )
  server.setRequestHandler('tasks/cancel', { params: taskParams }, ({ taskId }) =>
    guarded(async () => acknowledged(await tasks.cancel(taskId, principal))),
  )
}

function detailed({ questions, ...task }: Task): Result {
  if (questions === undefined) return task
  const entries = Object.entries(questions)
  const inputRequests = Object.fromEntries(entries.map(([name, q]) => [name, asRequest(q)]))
  return { ...task, inputRequests }
}

function acknowledged(known: boolean): Result {
  if (known) return {}
  throw unknownTask()
}

/** The same for one that never was and for another principal's. */
function unknownTask(): RpcFault {
  return new RpcFault(rpcCodes.params, 'There is no such task.')
}

type TaskParams = { taskId: string }
type UpdateParams = TaskParams & { replies: Readonly<Record<string, ElicitResult>> }

const taskParams = paramsSchema<TaskParams>((params) => ({ taskId: taskIdOf(params) }))

const updateParams = paramsSchema<UpdateParams>((params) => {
  const { inputResponses } = params as { inputResponses?: unknown }
  if (typeof inputResponses !== 'object' || inputResponses === null) return undefined
  // Replies of no known shape are dropped: the task goes on asking for them.
  const { results } = sortReplies(Object.entries(inputResponses), null)
  return { taskId: taskIdOf(params), replies: results }
})

function taskIdOf(params: object): string | undefined {
  const { taskId } = params as { taskId?: unknown }
  return typeof taskId === 'string' && taskId.length <= 256 ? taskId : undefined
}

type Parsed<T> = { [K in keyof T]: T[K] | undefined } | undefined

/** The SDK wants a Standard Schema for methods that are not in the specification itself. */
function paramsSchema<T extends TaskParams>(parse: (params: object) => Parsed<T>) {
  return {
    '~standard': {
      version: 1 as const,
      vendor: 'lelu',
      validate(value: unknown): { value: T } | { issues: { message: string }[] } {
        const parsed = typeof value === 'object' && value !== null ? parse(value) : undefined
        return parsed?.taskId === undefined
          ? { issues: [{ message: 'the params of a task are missing' }] }
          : { value: parsed as T }
      },
      types: undefined as unknown as { input: unknown; output: T },
    },
  }
}
