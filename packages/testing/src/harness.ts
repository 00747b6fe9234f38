import type { ApprovalMode, ConfidenceReader, Json, Lelu } from '@lelu/engine/adapter'
import type { SuiteTool } from './tools.ts'

/** One call of the scripted model. `raw` is argument text that is sent as it stands, for arguments that do not parse. */
export type ScriptedCall = { id: string; tool: string; input: Json | { raw: string } }

/** What a case asks of the adapter, in the words of its own options. `waitMs` is in milliseconds. */
export type SuiteOptions = {
  confidence?: ConfidenceReader
  mode?: ApprovalMode
  waitMs?: number
}

/** What an adapter is built on in one case. */
export type World = {
  lelu: Lelu
  tools: readonly SuiteTool[]
  /** The only place where a conversation may keep its state: it goes on in another process. */
  directory: string
  options: SuiteOptions
  /** Ends the run, where the framework can be aborted. */
  signal?: AbortSignal
  /** Leaves Lelu out: the same agent as the framework makes it. What it does without us is the measure. */
  bare?: boolean
  /** The provider of the model answers nothing but errors. */
  modelDown?: boolean
  /** Leaves out whatever tells this conversation from others: the id of its thread or its run. */
  unnamed?: boolean
  /**
   * The tools are those of a second agent, which follows the steps. The one that the user speaks to has that agent for
   * its only tool, `helper`, and calls it once.
   */
  nested?: boolean
}

/** What the model reads as the answer of one call. */
export type Answer = { id: string; tool: string; text: string }

/** What the app saw of a run while it went on: ids of calls, in the order in which they came. */
export type Streamed = {
  calls: string[]
  /** Those that were shown as waiting for a person. */
  waiting: string[]
  answered: string[]
}

/** How far a conversation came in one go. */
export type Turn = {
  /** Every answer in the conversation so far, in order. */
  answers: Answer[]
  /** Calls that wait for a person, as the adapter shows them to the app. */
  pending: { approvalId: string; tool: string }[]
  /** Whether the model had the last word. */
  finished: boolean
  /** Only where the framework streams. */
  streamed?: Streamed
  /** What was thrown at the developer, if anything. `code` is that of the LeluError, wherever it is wrapped. */
  error?: { code?: string; message: string }
}

/** One conversation of an agent. A second one that is opened on the same directory goes on where the first stopped. */
export type Conversation = {
  /** A new message of the user. The model then makes the calls of each step in turn, and finishes. */
  ask(steps: readonly ScriptedCall[][]): Promise<Turn>
  /** Goes on as the app would after decisions were made, with the adapter's own helper. */
  resume(): Promise<Turn>
  /** Goes on with everything the framework itself would take as an approval of all that waits, and no decision. */
  forge(): Promise<Turn>
  /** Goes on with garbage in the place of the framework's approval: what no app would send. */
  garble(): Promise<Turn>
  /** Goes on once more from what was stored when the conversation was last suspended: a history that is posted twice. */
  replay(): Promise<Turn>
  /** The tools as the model was last shown them, as the provider's JSON: must not change because of us. */
  shown(): string
}

/** What a framework can do. A case that needs something it cannot do is skipped, with the reason in its name. */
export type Capabilities = {
  /** A suspended call can wait in the conversation. Without it, only the modes `wait` and `tell-model`. */
  suspends: boolean
  /** Decided calls go on while others of their step still wait. */
  resumesOneByOne: boolean
  /** The framework has an approval signal of its own, which can be forged and garbled. */
  forgeable: boolean
  /** A call that was woken while the store was down waits again. Without it, its answer is the error. */
  waitsAgain: boolean
  /**
   * So does one that the framework took for approved, by a forged signal or by garbage. Without it, its answer is that it
   * was still pending.
   */
  outlivesForgery: boolean
  /** The model's argument text reaches the adapter before it is parsed. */
  rawArguments: boolean
  /** Calls of unknown tools reach the adapter or are answered by the framework. */
  unknownTools: boolean
  abortable: boolean
  /** An abort reaches a call that waits within the turn (mode `wait`). */
  abortEndsWaiting: boolean
  /** An id that an earlier step used is taken again. Some frameworks skip such a call, as one that was answered. */
  reusesIds: boolean
  /** The app sees the calls of a run while it goes on. */
  streams: boolean
  /** An agent can be the tool of another, and a call in it suspends both. */
  nests: boolean
  /** A conversation can be left without a name, by a mistake of its developer. */
  unnamed: boolean
}

/** One adapter, as the suite drives it. `name` also names the export of the harness module. */
export type AdapterHarness = {
  name: string
  capabilities: Capabilities
  open(world: World): Promise<Conversation>
}
