// A framework that nobody wrote: a loop over a model that answers texts or tool calls. It has no approvals, no
// checkpointer and no middleware; a tool is a name, a JSON Schema, a parser and a function.

import type { Json } from '@lelu/engine'

export type Call = { id: string; name: string; args: Json }
export type Entry =
  | { role: 'user'; text: string }
  | { role: 'model'; text?: string; calls?: Call[] }
  | { role: 'tool'; id: string; name: string; text: string }

export type LoopTool = {
  name: string
  description: string
  parameters: Json
  /** Undefined when the arguments do not fit. */
  parse(args: Json): Json | undefined
  run(input: Json): Promise<string>
}

/** Each call that has no answer, with its place: how many calls of earlier answers had the same id. */
export function unanswered(
  history: readonly Entry[],
): { call: Call; earlier: number; at: number }[] {
  const seen: string[] = []
  return history.flatMap((entry, at) => {
    if (entry.role !== 'model') return []
    const next = history.slice(at + 1).findIndex(({ role }) => role === 'model')
    const behind = history.slice(at + 1, next === -1 ? undefined : at + 1 + next)
    const answered = behind.map((answer) => (answer.role === 'tool' ? answer.id : undefined))
    const calls = entry.calls ?? []
    const open = calls
      .filter(({ id }) => !answered.includes(id))
      .map((call) => ({ call, at, earlier: seen.filter((id) => id === call.id).length }))
    seen.push(...calls.map(({ id }) => id))
    return open
  })
}

/** One call as the framework runs it when nobody stands in between. */
export async function runCall(tools: readonly LoopTool[], call: Call): Promise<string> {
  const tool = tools.find(({ name }) => name === call.name)
  if (tool === undefined) return `no tool ${call.name}`
  const input = tool.parse(call.args)
  if (input === undefined) return `bad arguments for ${call.name}`
  try {
    return await tool.run(input)
  } catch (error) {
    return `error: ${error instanceof Error ? error.message : error}`
  }
}
