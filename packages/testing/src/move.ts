import { join } from 'node:path'
import { type Lelu, LeluError, type LeluOptions } from '@lelu/engine'
import type { AdapterHarness, ScriptedCall, SuiteOptions, Turn, World } from './harness.ts'
import { patientEngine } from './patient-engine.ts'
import { suitePolicy } from './policy.ts'
import { type KillPoint, suiteTools } from './tools.ts'

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
