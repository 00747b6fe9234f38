import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fromKeyv, type Lelu, LeluError, type LeluOptions } from '@lelu/engine'
import { Keyv } from 'keyv'
import type { AdapterHarness, ScriptedCall, SuiteOptions, Turn, World } from './harness.ts'
import { patientEngine } from './patient-engine.ts'
import { suitePolicy } from './policy.ts'
import { type KillPoint, suiteTools } from './tools.ts'
import { workerWords } from './worker-words.ts'

/** What a conversation is told to do next. */
export type Move =
  | { verb: 'ask'; steps: readonly ScriptedCall[][] }
  | { verb: 'resume' | 'forge' | 'garble' | 'replay' }

/** How one move is made. All of it is plain data, so that another process can make it. */
export type MoveOptions = Pick<SuiteOptions, 'mode' | 'waitMs'> &
  Pick<World, 'modelDown' | 'unnamed' | 'nested'> & {
    /** How far the clock of the engine is ahead, in ms. */
    aheadMs?: number
    /** Where the process dies in a tool. Only in a process of its own. */
    killAt?: KillPoint
    /** The run is aborted as soon as a tool has begun. */
    abortAt?: 'running'
    /** The tools have other schemas than before. */
    toolsChanged?: true
    /** Nothing can be decided, for the store of approvals does not answer. */
    storeDown?: true
  }

/** What only this process can hold: functions and signals. */
export type InProcess = {
  lelu?: Partial<LeluOptions>
  confidence?: SuiteOptions['confidence']
  signal?: AbortSignal
  bare?: boolean
}

export type Played = { turn: Turn; shown: string }

/** Where moves are made: in one process with one engine, with a new engine each time, or in new processes. */
export type Life = {
  play(move: Move, options: MoveOptions, inProcess: InProcess): Promise<Played>
  /** The engine as a reviewer's process would open it. */
  withLelu<T>(use: (lelu: Lelu) => Promise<T>, options: MoveOptions): Promise<T>
  close(): Promise<void>
}

export const lives = ['memory', 'SQLite', 'SQLite, every step in a process of its own'] as const

export type LifeName = (typeof lives)[number]

const outage: Lelu['guard'] = async () => {
  throw new LeluError('LELU_STORE_UNAVAILABLE', 'The approval store does not answer.', {
    help: 'Nothing: the suite lets it fail.',
  })
}

/** One move with this engine. The conversation is opened anew, so it can only know what the directory holds. */
export async function playHere(
  harness: AdapterHarness,
  lelu: Lelu,
  directory: string,
  move: Move,
  options: MoveOptions,
  { confidence, signal: given, bare }: InProcess = {},
): Promise<Played> {
  const { killAt, abortAt, toolsChanged: changed, storeDown, mode, waitMs } = options
  const { modelDown = false, unnamed = false, nested = false } = options
  const abort = new AbortController()
  const signal = abortAt === undefined ? given : abort.signal
  const onRun = () => {
    if (abortAt === 'running') abort.abort()
  }
  const conversation = await harness.open({
    lelu: storeDown ? { ...lelu, guard: outage } : lelu,
    directory,
    ...{ modelDown, unnamed, nested },
    tools: suiteTools(directory, { killAt, changed, onRun }),
    options: {
      ...(confidence !== undefined && { confidence }),
      ...(mode !== undefined && { mode }),
      ...(waitMs !== undefined && { waitMs }),
    },
    ...(signal !== undefined && { signal }),
    ...(bare !== undefined && { bare }),
  })
  const turn =
    move.verb === 'ask' ? await conversation.ask(move.steps) : await conversation[move.verb]()
  return { turn, shown: conversation.shown() }
}

/** The engine of the suite in this directory. */
export function openEngine(
  directory: string,
  options: Partial<LeluOptions>,
  aheadMs = 0,
): Promise<Lelu> {
  return patientEngine({
    directory: join(directory, '.lelu'),
    policies: suitePolicy,
    ...(aheadMs !== 0 && { now: () => Date.now() + aheadMs }),
    ...options,
  })
}

/** One engine that lives as long as the case, over an approval store in memory. */
async function inMemory(harness: AdapterHarness, directory: string): Promise<Life> {
  const store = new Keyv()
  fromKeyv(store)
  let aheadMs = 0
  let open: Promise<Lelu> | undefined
  const engine = (given: Partial<LeluOptions> = {}): Promise<Lelu> => {
    open ??= openEngine(directory, { store, now: () => Date.now() + aheadMs, ...given })
    return open
  }
  return {
    async play(move, options, inProcess) {
      aheadMs = options.aheadMs ?? 0
      const lelu = await engine(inProcess.lelu)
      return playHere(harness, lelu, directory, move, options, inProcess)
    },
    async withLelu(use, options) {
      aheadMs = options.aheadMs ?? 0
      return use(await engine())
    },
    close: async () => (await open)?.close(),
  }
}

async function once<T>(
  directory: string,
  given: Partial<LeluOptions>,
  aheadMs: number | undefined,
  use: (lelu: Lelu) => Promise<T>,
): Promise<T> {
  const lelu = await openEngine(directory, given, aheadMs)
  try {
    return await use(lelu)
  } finally {
    await lelu.close().catch(() => {})
  }
}

/** A new engine for every move, over one SQLite file. */
function overSqlite(harness: AdapterHarness, directory: string): Life {
  return {
    play: (move, options, inProcess) =>
      once(directory, inProcess.lelu ?? {}, options.aheadMs, (lelu) =>
        playHere(harness, lelu, directory, move, options, inProcess),
      ),
    withLelu: (use, options) => once(directory, {}, options.aheadMs, use),
    close: async () => {},
  }
}

/** The text of one move, as the worker reads it. */
export type WorkerTask = {
  module: string
  harness: string
  directory: string
  move: Move
  options: MoveOptions
}

/** A process that is killed says nothing: that is what the app sees of it. */
const killed: Played = {
  turn: { answers: [], pending: [], finished: false, error: { message: 'killed' } },
  shown: '',
}

function inProcesses(harness: AdapterHarness, module: string, directory: string): Life {
  return {
    play(move, options) {
      const task: WorkerTask = { module, harness: harness.name, directory, move, options }
      const words = [...workerWords(import.meta.url), JSON.stringify(task)]
      return new Promise((resolve, reject) => {
        execFile(process.execPath, words, { timeout: 100_000 }, (error, stdout, stderr) => {
          if (error?.signal === 'SIGKILL' && options.killAt !== undefined) return resolve(killed)
          if (error !== null) return reject(new Error(`${stderr || error.message}`))
          resolve(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Played)
        })
      })
    },
    withLelu: (use, options) => once(directory, {}, options.aheadMs, use),
    close: async () => {},
  }
}

export function openLife(
  name: LifeName,
  harness: AdapterHarness,
  module: string,
  directory: string,
): Promise<Life> | Life {
  if (name === 'memory') return inMemory(harness, directory)
  if (name === 'SQLite') return overSqlite(harness, directory)
  return inProcesses(harness, module, directory)
}
