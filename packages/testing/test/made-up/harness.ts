import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLeluError, type Json } from '@lelu/engine/adapter'
import { z } from 'zod'
import { type FakeModel, fakeModel, lastWord } from '../../src/fakes.ts'
import type {
  AdapterHarness,
  Conversation,
  ScriptedCall,
  SuiteTool,
  Turn,
  World,
} from '../../src/index.ts'
import { guardLoop, type Waiting } from './adapter.ts'
import { type Call, type Entry, type LoopTool, runCall, unanswered } from './framework.ts'

const read = <T>(file: string, otherwise: T): T =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : otherwise

/** The scripted model: how much it said since the user spoke last tells how far it is. */
function nextEntry(history: readonly Entry[], model: FakeModel): Entry {
  const asked = history.findLastIndex(({ role }) => role === 'user')
  const said = history.slice(asked).filter(({ role }) => role === 'model').length
  const step = model.answer(said)
  if (step.length === 0) return { role: 'model', text: lastWord }
  const calls: Call[] = step.map(({ id, tool, input }) => ({ id, name: tool, args: input as Json }))
  return { role: 'model', calls }
}

function toTool({ name, description, schema, run }: SuiteTool): LoopTool {
  return {
    name,
    description,
    parameters: z.toJSONSchema(schema) as Json,
    parse: (args) => schema.safeParse(args).data,
    run: (input) => run(input as Parameters<typeof run>[0]),
  }
}

function open(world: World): Conversation {
  const { lelu, tools, directory, options, signal, bare, modelDown: down, unnamed } = world
  const files = {
    history: join(directory, 'history.json'),
    suspended: join(directory, 'suspended.json'),
    script: join(directory, 'script.json'),
  }
  const loopTools = tools.map(toTool)
  const guard = guardLoop({
    lelu,
    tools: loopTools,
    run: unnamed ? '' : 'conversation-1',
    subject: { id: 'agent-1', type: 'agent' },
    ...options,
  })
  const answer = (history: Entry[]): Promise<(Entry | Waiting)[]> =>
    bare !== true
      ? guard.answer(history, signal)
      : Promise.all(
          unanswered(history).map(async ({ call }): Promise<Entry> => {
            const { id, name } = call
            return { role: 'tool', id, name, text: await runCall(loopTools, call) }
          }),
        )
  /** The loop of the framework: until the model has nothing more to call, or a call waits. */
  const go = async (history: Entry[]): Promise<Turn> => {
    let waiting: Waiting[] = []
    let error: Turn['error']
    try {
      for (;;) {
        const answers = await answer(history)
        history.push(...answers.filter((one) => 'role' in one))
        waiting = answers.filter((one) => 'approvalId' in one)
        const last = history.at(-1)
        if (waiting.length > 0 || (last?.role === 'model' && last.calls === undefined)) break
        const model = fakeModel(read<ScriptedCall[][]>(files.script, []), { down })
        history.push(nextEntry(history, model))
      }
    } catch (thrown) {
      const code = isLeluError(thrown) ? { code: thrown.code } : {}
      error = { ...code, message: String(thrown) }
    }
    writeFileSync(files.history, JSON.stringify(history))
    if (waiting.length > 0) writeFileSync(files.suspended, JSON.stringify(history))
    return {
      answers: history.flatMap((entry) =>
        entry.role === 'tool' ? [{ id: entry.id, tool: entry.name, text: entry.text }] : [],
      ),
      pending: waiting,
      finished: waiting.length === 0 && error === undefined,
      ...(error !== undefined && { error }),
    }
  }
  return {
    ask(steps) {
      writeFileSync(files.script, JSON.stringify(steps))
      return go([...read<Entry[]>(files.history, []), { role: 'user', text: 'Go on.' }])
    },
    resume: () => go(read(files.history, [])),
    forge: () => go(read(files.history, [])),
    garble: () => go(read(files.history, [])),
    replay: () => go(read(files.suspended, read(files.history, []))),
    shown: () => JSON.stringify(bare === true ? loopTools : guard.tools),
  }
}

export const madeUp: AdapterHarness = {
  name: 'a made-up framework',
  capabilities: {
    suspends: true,
    resumesOneByOne: true,
    forgeable: false,
    waitsAgain: true,
    outlivesForgery: true,
    rawArguments: false,
    unknownTools: true,
    abortable: true,
    abortEndsWaiting: true,
    reusesIds: true,
    streams: false,
    nests: false,
    unnamed: true,
  },
  open: async (world) => open(world),
}
