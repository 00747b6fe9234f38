import type {
  CallToolResult,
  Result,
  Server,
  ServerContext,
  StandardSchemaV1,
} from '@modelcontextprotocol/server'
import type { Peer, Task, TaskKeeper } from '../surface/call.ts'
import type { Principal } from '../surface/principal.ts'
import { tasksExtension } from './capabilities.ts'
import { modernPeer } from './modern-peer.ts'
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
  const declared = ({ mcpReq }: ServerContext) => {
    if (!modernPeer(mcpReq.envelope ?? {}).tasks) throw tasksNotDeclared()
  }
  server.setRequestHandler('tasks/get', { params: taskParams }, ({ taskId }, ctx) =>
    guarded(async () => {
      declared(ctx)
      const task = await tasks.get(taskId, principal)
      if (task === undefined) throw unknownTask()
      return detailed(task)
    }),
  )
  server.setRequestHandler('tasks/update', { params: taskParams }, ({ taskId }, ctx) =>
    guarded(async () => {
      declared(ctx)
      // Replies of no known shape are dropped: the task goes on asking for them.
      const { results } = sortReplies(Object.entries(ctx.mcpReq.inputResponses ?? {}), null)
      return acknowledged(await tasks.update(taskId, principal, results))
    }),
  )
  server.setRequestHandler('tasks/cancel', { params: taskParams }, ({ taskId }, ctx) =>
    guarded(async () => {
      declared(ctx)
      return acknowledged(await tasks.cancel(taskId, principal))
    }),
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

/** The SDK wants a Standard Schema for methods that are not in the specification itself. */
const taskParams: StandardSchemaV1<unknown, { taskId: string }> = {
  '~standard': {
    version: 1,
    vendor: 'lelu',
    validate(value) {
      const { taskId } = (value ?? {}) as { taskId?: unknown }
      return typeof taskId === 'string' && taskId.length <= 256
        ? { value: { taskId } }
        : { issues: [{ message: 'taskId is missing' }] }
    },
  },
}
