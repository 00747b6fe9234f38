import type { Json } from '@lelu/engine'
import type {
  CallToolResult,
  CreateMessageRequestParams,
  ElicitRequestFormParams,
  ElicitRequestURLParams,
  ElicitResult,
  LoggingLevel,
} from '@modelcontextprotocol/server'
import type { Principal } from './principal.ts'

/** The client as it described itself. Nothing it says about itself is proof of anything. */
export type Peer = {
  name: string
  version: string
  /** The revision of MCP this call is spoken in, such as `2026-07-28`. */
  protocol: string
  /** `legacy`: the revisions with sessions, up to 2025-11-25. `modern`: 2026-07-28 and later, without. */
  era: 'legacy' | 'modern'
  /** Which elicitations it declared on this request (modern) or connection (legacy). */
  elicits: { form: boolean; url: boolean }
  /** Whether it declared that it samples from its model, and that it tells its roots. Both are deprecated in MCP. */
  samples?: boolean
  roots?: boolean
  /** Whether it declared `io.modelcontextprotocol/tasks` on this request. */
  tasks: boolean
}

/** What is asked of the person at the client; the last two, of the client itself, are there for what is forwarded. */
export type Question =
  | { mode: 'form'; message: string; schema: ElicitRequestFormParams['requestedSchema'] }
  | { mode: 'url'; message: string; url: ElicitRequestURLParams['url'] }
  | { mode: 'sampling'; params: CreateMessageRequestParams }
  | { mode: 'roots' }

/**
 * What came back, by the names of the questions, and the state that was given out with them (verified; null where none
 * was given out). The answers are the client's word: whatever is read from their `content` must be checked.
 */
export type Answers = {
  results: Readonly<Record<string, ElicitResult>>
  state: Json
  /** What came back to questions of the modes `sampling` and `roots`, as it came. */
  replies?: Readonly<Record<string, Json>>
}

/** One `tools/call` as a tool sees it. */
export type CallContext = {
  principal: Principal
  peer: Peer
  /** Aborted when the client cancels the call or goes away. */
  signal: AbortSignal
  /** `_meta` of the request: the client's word. */
  meta: Readonly<Record<string, unknown>>
  /** Of the second and later rounds of a call that asked for something; undefined in the first. */
  answers: Answers | undefined
  /** Tells the client how far the work is; does nothing where it did not ask to be told. */
  progress(step: { progress: number; total?: number; message?: string }): Promise<void>
  /** Sends the client a log message, where it listens to such; for what is forwarded. */
  log?(level: LoggingLevel, data: Json, logger?: string): Promise<void>
}

/** A task as `tasks/get` tells it (extension `io.modelcontextprotocol/tasks`). Times are ISO 8601. */
export type Task = {
  taskId: string
  status: 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled'
  statusMessage?: string
  createdAt: string
  lastUpdatedAt: string
  /** For how long the task is kept; null: without end. */
  ttlMs: number | null
  /** How long to wait before it is asked about again; left out when it has ended. */
  pollIntervalMs?: number
  /** Of `completed`. */
  result?: CallToolResult
  /** Of `failed`: a JSON-RPC error. */
  error?: { code: number; message: string }
  /** Of `input_required`. */
  questions?: Readonly<Record<string, Question>>
}

/** Puts questions to the person at the client. The same call comes again with the answers and the state. */
export type Asked = { kind: 'ask'; questions: Readonly<Record<string, Question>>; state: Json }

/** How a call ends for now. `ask` only where the peer said that it can ask, `task` only where it declared tasks. */
export type ToolAnswer =
  | { kind: 'result'; result: CallToolResult }
  | Asked
  | { kind: 'task'; task: Task }

/** Who keeps tasks. An id that is unknown, or another principal's, answers undefined. */
export interface TaskKeeper {
  get(id: string, principal: Principal): Promise<Task | undefined>
  update(
    id: string,
    principal: Principal,
    answers: Readonly<Record<string, ElicitResult>>,
  ): Promise<boolean>
  cancel(id: string, principal: Principal): Promise<boolean>
}
