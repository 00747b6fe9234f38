import { execFile } from 'node:child_process'
import { fromKeyv, type Lelu, type LeluOptions } from '@lelu/engine'
import { Keyv } from 'keyv'
import type { AdapterHarness } from './harness.ts'
import {
  type InProcess,
  type Move,
  type MoveOptions,
  openEngine,
  type Played,
  playHere,
} from './move.ts'
import { workerWords } from './worker-words.ts'

/** Where moves are made: in one process with one engine, with a new engine each time, or in new processes. */
export type Life = {
  play(move: Move, options: MoveOptions, inProcess: InProcess): Promise<Played>
  /** The engine as a reviewer's process would open it. */
  withLelu<T>(use: (lelu: Lelu) => Promise<T>, options: MoveOptions): Promise<T>
  close(): Promise<void>
}

export const lives = ['memory', 'SQLite', 'SQLite, every step in a process of its own'] as const

export type LifeName = (typeof lives)[number]

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
