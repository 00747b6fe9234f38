import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLelu, type Lelu, type LeluOptions, type Reviewer, type Subject } from '@lelu/engine'
import type { CallEvidence } from '@lelu/engine/adapter'
import { effectsIn, suiteTools } from '@lelu/testing'
import { suitePolicy } from '@lelu/testing/fakes'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import type { Response, ResponseInputItem } from 'openai/resources/responses/responses'
import { onTestFinished } from 'vitest'
import { type ConfidenceReader, type GuardFunctionsOptions, guardFunctions } from '../src/index.ts'
import { zodTool } from './conversation.ts'
import { startWire, type Wire } from './server.ts'
import type { WireAnswer, WireCall } from './wire.ts'

export { zodTool }

export const subject: Subject = { id: 'agent-1', type: 'agent' }
export const reviewer: Reviewer = { id: 'rita', issuer: 'test', method: 'test' }

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-openai-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function openLelu(
  directory: string = temporaryFolder(),
  options: Partial<LeluOptions> = {},
): Promise<Lelu> {
  const lelu = await createLelu({ directory, policies: suitePolicy, ...options })
  onTestFinished(() => lelu.close().catch(() => {}))
  return lelu
}

/** The scripted model, ended with the test. */
export async function wireOf(answers: readonly WireAnswer[]): Promise<Wire> {
  const wire = await startWire(answers)
  onTestFinished(() => wire.close())
  return wire
}

/** A call of the scripted model. */
export function call(
  id: string,
  name: string,
  input: unknown = { amount: 5, note: 'n' },
): WireCall {
  return { id, name, arguments: typeof input === 'string' ? input : JSON.stringify(input) }
}

export type World = Awaited<ReturnType<typeof openWorld>>

/** An engine, the suite's tools under guard, and what they did. */
export async function openWorld(options: Partial<GuardFunctionsOptions> = {}) {
  const directory = temporaryFolder()
  const lelu = await openLelu(directory)
  const tools = suiteTools(directory).map(zodTool)
  const make = (more: Partial<GuardFunctionsOptions> = {}) =>
    guardFunctions({ lelu, tools, run: 'run-1', subject, ...options, ...more })
  const amounts = () => effectsIn(directory).map(({ input }) => input.amount)
  const effects = () => effectsIn(directory)
  return { directory, lelu, tools, guard: make(), make, amounts, effects }
}

const user: ChatCompletionMessageParam = { role: 'user', content: 'Go on.' }

/** A conversation whose last word is a message with these calls, as the real client parsed it. */
export async function conversation(
  calls: readonly WireCall[],
  before: readonly ChatCompletionMessageParam[] = [user],
) {
  const { client } = await wireOf([{ calls: [...calls] }])
  const messages = [...before]
  const completion = await client.chat.completions.create({ model: 'gpt-test', messages })
  const message = completion.choices[0]?.message
  if (message === undefined) throw new Error('no message')
  messages.push(message)
  return { messages, message, completion }
}

/** A reader that only looks. */
export function looking(added?: ConfidenceReader['added']) {
  const seen: CallEvidence[] = []
  const reader: ConfidenceReader = (evidence) => {
    seen.push(evidence)
    return undefined
  }
  return { seen, reader: added === undefined ? reader : Object.assign(reader, { added }) }
}

/** The same items, and how often they are looked at. */
export function watched<T extends object>(
  items: readonly T[],
): { items: T[]; looks: () => number } {
  let count = 0
  const watch = (item: T) =>
    new Proxy(item, {
      get(target, name) {
        count += 1
        return Reflect.get(target, name)
      },
    })
  return { items: items.map(watch), looks: () => count }
}

export const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

export const userItem: ResponseInputItem = { role: 'user', content: 'Go on.' }

/** A response with these calls, as the real client parsed it, and the items of the conversation. */
export async function respond(
  calls: WireCall[],
): Promise<{ response: Response; items: ResponseInputItem[] }> {
  const { client } = await wireOf([{ calls }])
  const input = [userItem]
  const response = await client.responses.create({ model: 'gpt-test', input, store: false })
  return { response, items: [...input, ...(response.output as ResponseInputItem[])] }
}
