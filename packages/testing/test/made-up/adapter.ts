import {
  addField,
  cancelCalls,
  checkGuardOptions,
  editedInput,
  editedText,
  type GuardOptions,
  guardCall,
  repeatedIdText,
  takeField,
} from '@lelu/engine/adapter'
import { type Call, type Entry, type LoopTool, runCall, unanswered } from './framework.ts'

export type Waiting = { approvalId: string; tool: string }
export type LoopGuard = {
  /** What the model is shown: as it was, but for the field that the confidence reader adds. */
  tools: LoopTool[]
  /** Answers the open calls of a history, as far as they are decided. */
  answer(history: readonly Entry[], signal?: AbortSignal): Promise<(Entry | Waiting)[]>
}

export function guardLoop(
  options: GuardOptions<Call> & { run: string; tools: readonly LoopTool[] },
): LoopGuard {
  const { run, tools, ...shared } = options
  checkGuardOptions(shared)
  const added = shared.confidence?.added

  async function guard({ call, earlier }: { call: Call; earlier: number }, signal?: AbortSignal) {
    // 1. What the tool would get. What does not fit is answered as the framework does it, and runs nothing.
    const { input: args, reported } = takeField(call.args, added)
    const tool = tools.find(({ name }) => name === call.name)
    const parsed = tool?.parse(args)
    if (tool === undefined || parsed === undefined) return runCall(tools, { ...call, args })

    // 2. Decide, and run inside: the tool gets the input that was decided, and what came of it is recorded.
    const result = await guardCall(
      shared,
      {
        context: call,
        id: `${call.id}#${earlier}`, // models use an id again in a later answer: that is another call
        run,
        tool: call.name,
        input: parsed,
        schema: tool.parameters, // lets a reviewer edit
        evidence: () => ({
          call: { id: call.id, tool: call.name, input: args },
          ...(reported !== undefined && { reported }),
        }),
        ...(signal !== undefined && { signal }),
      },
      (input) => tool.run(input),
    )

    // 3. Back into the words of the framework.
    switch (result.status) {
      case 'executed': {
        const edited = editedInput(result.approval)
        return edited === undefined ? result.value : `${editedText(edited)}\n${result.value}`
      }
      case 'refused':
        return result.text
      case 'threw':
        return `error: ${result.error instanceof Error ? result.error.message : result.error}`
      case 'suspended': {
        const { text, approval } = result
        return shared.mode === 'tell-model' ? text : { approvalId: approval.id, tool: call.name }
      }
    }
  }

  return {
    tools: tools.map((tool) =>
      added === undefined
        ? tool
        : { ...tool, parameters: addField(tool.parameters, added, tool.name) },
    ),
    async answer(history, signal) {
      const open = unanswered(history)
      const spoke = history.findLastIndex(({ role }) => role === 'user')
      const left = open.filter(({ at }) => at < spoke) // the user went on without them
      await cancelCalls(
        shared,
        left.map(({ call, earlier }) => ({ context: call, run, id: `${call.id}#${earlier}` })),
      )
      const calls = open.filter(({ at }) => at > spoke)
      return Promise.all(
        calls.map(async (one): Promise<Entry | Waiting> => {
          const { id, name } = one.call
          const twice = calls.filter(({ call }) => call.id === id).length > 1
          const answer = twice ? repeatedIdText : await guard(one, signal)
          return typeof answer === 'string' ? { role: 'tool', id, name, text: answer } : answer
        }),
      )
    },
  }
}
