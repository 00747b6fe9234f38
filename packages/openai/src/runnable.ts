import { randomUUID } from 'node:crypto'
import { invalidOptions, LeluError, repeatedIdText } from '@lelu/engine/adapter'
import type { ChatCompletion, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { chatAnswer } from './evidence.ts'
import { type Guard, textOf } from './guarded-call.ts'
import { type ParsedTexts, parsedTexts } from './parsed-texts.ts'
import { type AssistantMessage, callsOf, type PlacedCall, placeCallsAt } from './place.ts'
import { chatTool, cloneWith, withParser } from './shown-tool.ts'
import { textContent } from './text-content.ts'
import type { BoundTool, GuardableTool } from './tool.ts'
import { answerWithoutSuspending, assertMode } from './without-suspending.ts'

/** What `runTools` hands to a tool behind its arguments. */
type Runner = {
  messages: readonly ChatCompletionMessageParam[]
  allChatCompletions?: () => ChatCompletion[]
}

/** Calls that a callback has taken already: `runTools` does not tell a callback which call it runs. */
type Taken = WeakMap<object, Set<number>>

function callInvalid(tool: string, why: string): LeluError {
  return new LeluError('LELU_CALL_INVALID', `${why} The tool ${tool} was not run.`, {
    help: 'Let runTools() call it, or use executeToolCalls().',
  })
}

/** The call that this callback runs: one of the last message, of this tool and with these arguments, each taken once. */
async function findCall(
  { messages }: Runner,
  tool: BoundTool,
  { args, parsed, taken }: { args: unknown; parsed: ParsedTexts; taken: Taken },
): Promise<{ call: PlacedCall; message: AssistantMessage }> {
  const position = messages.findLastIndex((message) => callsOf(message).length > 0)
  const message = messages[position]
  if (message?.role === 'assistant') {
    const used = taken.get(message) ?? new Set<number>()
    taken.set(message, used)
    const calls = placeCallsAt(messages, position)
    const written = calls.filter(({ name }) => name === tool.name).map(({ text }) => text)
    const texts = await parsed.textsOf(args, written)
    const index = calls.findIndex(
      ({ name, text }, place) => name === tool.name && texts.includes(text) && !used.has(place),
    )
    const call = calls[index]
    if (call !== undefined) {
      used.add(index)
      return { call, message }
    }
  }
  throw callInvalid(tool.name, 'No call of the conversation asks for this.')
}

function isRunner(value: unknown): value is Runner {
  return typeof value === 'object' && value !== null && 'messages' in value
}

/** The function that `runTools` calls instead of the tool's own. */
function guardedCallback(guard: Guard, tool: BoundTool, parsed: ParsedTexts) {
  const taken: Taken = new WeakMap()
  return async (...args: unknown[]): Promise<string> => {
    const [first, runner, toolContext] = args
    if (!isRunner(runner)) throw callInvalid(tool.name, 'It was not called by runTools().')
    const { messages } = runner
    const { call, message } = await findCall(runner, tool, { args: first, parsed, taken })
    if (call.repeated) return repeatedIdText
    const completion = runner.allChatCompletions?.().at(-1)
    const answer = await answerWithoutSuspending(guard, {
      view: {
        id: call.id,
        tool: tool.name,
        arguments: call.text,
        history: messages,
        context: toolContext,
        signal: (runner as { controller?: AbortController }).controller?.signal,
      },
      // Never taken up again: against an older run in which the model used the same id.
      key: `${call.key}@${randomUUID()}`,
      kind: tool.kind,
      tool,
      evidence: () =>
        chatAnswer(message, completion).evidence({ toolbox: guard.toolbox, id: call.id }),
      toContent: textContent,
      rest: [runner, toolContext],
    })
    // Without us, an error of the tool ends the run as well.
    if (answer.status === 'threw') throw answer.error
    return textOf(answer)
  }
}

/**
 * The same tool for `runTools`, which cannot suspend: only with the modes `wait` and `tell-model`
 * (`LELU_OPTIONS_INVALID`). Object spread of the result loses its hidden members; pass it on as it is.
 */
export function runnable<T extends GuardableTool>(guard: Guard, given: T): T {
  assertMode(guard.options, 'runTools()', 'executeToolCalls() in a loop of your own')
  const tool = guard.toolbox.bind(given)
  const shown = chatTool(tool, guard.options.confidence?.added)
  if (shown.type !== 'function' || tool.run === undefined) {
    throw invalidOptions(
      `The tool ${tool.name} has no function that runTools() could call.`,
      'Give it one, or use executeToolCalls().',
    )
  }
  const parsed = parsedTexts()
  const parsers = withParser(shown.function, 'parse', parsed.remember)
  const hidden = withParser(shown, '$parseRaw', parsed.remember)
  const callback = guardedCallback(guard, tool, parsed)
  // In both places where runTools could find a function, so that none is left as it was.
  const declared = cloneWith(shown.function, {
    ...parsers,
    name: { value: tool.name, enumerable: true },
    function: { value: callback, enumerable: true },
  })
  return cloneWith(shown, {
    ...hidden,
    function: { value: declared, enumerable: true },
    ...('$callback' in shown && { $callback: { value: callback, enumerable: false } }),
  }) as T
}
