import { endOfObject } from './after-call.ts'
import { frame, nameIn } from './find-call.ts'

const inTag = /<[^<>{}]*$/
/** Behind a tag or a marker of a chat template: `<tool_call>trade`, `[TOOL_CALLS]trade`. */
const behindMarker = /[>\]]\s*$/
/** The value of a member: `"name": "trade"`. */
const inMember = /["']\s*:\s*["']\s*$/
/** Arguments that are no JSON: `trade(amount=1)`, `trade{amount:1}`, or a tag for each of them. */
const beforeArguments = /\s*<|[({]/y
const framed = new RegExp(`(?:${frame})*`, 'uy')

/** As far as a name can stand from what makes a call of it. */
const near = 160
/** Calls in JSON that are looked through: bounds the work for text that nests them in each other. More are none to trust. */
const mostCalls = 64

/**
 * Whether the text beside a call holds another of the same tool whose arguments are not there as JSON: in tags, as a
 * function of Python, or as a text. That may be the call itself, and what was found a copy of it, which a model makes
 * certain of every token; servers drop the text behind a call.
 */
export function hasOtherForm(beside: string, tool: string): boolean {
  const named = nameIn(tool)
  let calls = 0
  for (let found = named.exec(beside); found !== null; found = named.exec(beside)) {
    const end = found.index + found[0].length
    const front = beside.slice(Math.max(0, found.index - near), found.index)
    beforeArguments.lastIndex = end
    const isCall =
      [inTag, behindMarker, inMember].some((place) => place.test(front)) ||
      beforeArguments.test(beside)
    if (!isCall) continue
    calls += 1
    if (calls > mostCalls || !isJsonCall(beside, end)) return true
  }
  return false
}

function isJsonCall(text: string, from: number): boolean {
  framed.lastIndex = from
  const at = from + (framed.exec(text)?.[0].length ?? 0)
  return endOfObject(text, at) !== undefined
}
