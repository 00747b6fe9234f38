import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLeluError } from '@lelu/engine/adapter'
import type { Conversation, ScriptedCall, SuiteTool, Turn, World } from '@lelu/testing'
import { argumentsText, fakeModel, lastWord } from '@lelu/testing/fakes'
import { zodFunction } from 'openai/helpers/zod'
import { type GuardedFunctions, guardFunctions } from '../src/index.ts'
import { startWire, type Wire } from './server.ts'
import type { WireAnswer } from './wire.ts'

/** What a conversation keeps on the disk: `Kept` is its history, in the form of its API. */
export type State<Kept> = Kept & { steps: ScriptedCall[][]; done: number }

type Stored<Kept> = { now: State<Kept>; suspended?: State<Kept> }

/** One go of the app's own loop. */
export type Go<Kept> = {
  world: World
  wire: Wire
  state: State<Kept>
  guard: GuardedFunctions
  save(): void
}

export type Progress = Omit<Turn, 'error'>

/** How one API is driven. `go` carries on from the state until the model has the last word, or a call waits. */
export type Driver<Kept> = {
  fresh: Kept
  /** A new message of the user. */
  ask(state: Go<Kept>): Promise<void> | void
  go(state: Go<Kept>): Promise<Progress>
  mode?: 'wait'
}

function wireAnswer(calls: readonly ScriptedCall[]): WireAnswer {
  if (calls.length === 0) return { text: lastWord }
  return {
    calls: calls.map((call) => ({ id: call.id, name: call.tool, arguments: argumentsText(call) })),
  }
}

/** A tool of the suite as the SDK's own helper makes it. */
export function zodTool({ name, description, schema, run }: SuiteTool) {
  return zodFunction({ name, description, parameters: schema, function: run })
}

function errorOf(thrown: unknown): NonNullable<Turn['error']> {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (isLeluError(error)) return { code: error.code, message: error.message }
  }
  return { message: String(thrown) }
}

/** What a developer forgot: an id that is not there yet. An empty text would be refused when the tools are guarded. */
const forgotten = () => undefined as unknown as string

/** A conversation whose only memory is a file in the directory of its world. */
export function conversationOf<Kept>(world: World, driver: Driver<Kept>): Conversation {
  const file = join(world.directory, 'chat.json')
  const fresh: State<Kept> = { ...structuredClone(driver.fresh), steps: [], done: 0 }
  const read = (): Stored<Kept> =>
    existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { now: fresh }
  let shown = ''
  const { lelu, options } = world
  const mode = options.mode ?? driver.mode
  const guard = guardFunctions({
    lelu,
    tools: world.tools.map(zodTool),
    run: world.unnamed ? forgotten : 'chat-1',
    subject: { id: 'agent-1', type: 'agent' },
    ...options,
    ...(mode !== undefined && { mode }),
  })

  async function play(state: State<Kept>, begin: Driver<Kept>['ask'] = () => {}): Promise<Turn> {
    const stored = read()
    const save = () => writeFileSync(file, JSON.stringify({ ...stored, now: state }))
    const { steps, done } = state
    const model = fakeModel(steps, { down: world.modelDown })
    const wire = await startWire((request) => wireAnswer(model.answer(done + request)))
    const go: Go<Kept> = { world, wire, state, guard, save }
    try {
      await begin(go)
      save()
      const progress = await driver.go(go)
      if (progress.pending.length > 0) stored.suspended = structuredClone(state)
      save()
      return progress
    } catch (thrown) {
      return { answers: [], pending: [], finished: false, error: errorOf(thrown) }
    } finally {
      shown = JSON.stringify(wire.requests.at(-1)?.tools ?? null)
      await wire.close()
    }
  }

  return {
    ask(steps) {
      const { now } = read()
      return play({ ...now, steps: [...steps], done: 0 }, driver.ask)
    },
    resume: () => play(read().now),
    // The SDK has no approval of its own: all that can be forged is the history, and that is the app's.
    forge: () => play(read().now),
    garble: () => play(read().now),
    replay() {
      const { now, suspended } = read()
      return play(suspended ?? now)
    },
    shown: () => shown,
  }
}
