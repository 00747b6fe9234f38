import { endOfObject } from './after-call.ts'
import { frame, nameIn } from './find-call.ts'

const inTag = /<[^<>{}]*$/
/** Behind a tag or a marker of a chat template: `<tool_call>trade`, `[TOOL_CALLS]trade`. */
const behindMarker = /[>\]]\s*$/
/** Arguments that are no JSON: `trade(amount=1)`, `trade{amount:1}`, or a tag for each of them. */
const beforeArguments = /\s*<|[({]/y
const framed = new RegExp(`(?:${frame})*`, 'uy')

/** As far as a name can stand from what makes a call of it. */
const near = 160

/**
 * Whether a call of the same tool stands in front whose arguments are no JSON: in tags, or as a function of Python. That
 * may be the call itself, and what was found behind it a copy of it, which a model makes certain of every token; servers
 * drop the text behind a call.
 */
export function followsOtherCall(before: string, tool: string): boolean {
  const named = nameIn(tool)
  for (let found = named.exec(before); found !== null; found = named.exec(before)) {
    const end = found.index + found[0].length
    const front = before.slice(Math.max(0, found.index - near), found.index)
    beforeArguments.lastIndex = end
    const isCall = inTag.test(front) || behindMarker.test(front) || beforeArguments.test(before)
    if (isCall && !isJsonCall(before, end)) return true
  }
  return false
}

function isJsonCall(text: string, from: number): boolean {
  framed.lastIndex = from
  const at = from + (framed.exec(text)?.[0].length ?? 0)
  return endOfObject(text, at) !== undefined
}
