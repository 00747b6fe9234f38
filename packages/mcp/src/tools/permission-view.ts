import type { Approval, Json } from '@lelu/engine'
import { shownJson, shownText } from './shown.ts'

/** Longest input that is repeated in a text; it stands whole in `structuredContent`. */
const mostShown = 4000

/** What a caller reads with a permission: run exactly this, once. */
export function permittedText(tool: string, input: Json, edited: boolean): string {
  const { text, truncated } = shownJson(input, mostShown)
  const changed = edited ? ' A reviewer changed the input: yours is not permitted.' : ''
  const whole = truncated ? ' The whole input is in the structured content.' : ''
  return `Permitted: run ${shownText(tool, 256)} once, with exactly this input.${changed}${whole} ${text}`
}

/** The permission was given out before. */
export function spentText(id: string): string {
  return `The permission of approval ${id} was given out already, and is not given twice. If its answer was lost before the call ran, ask again under a new idempotency_key.`
}

/** An approval whose permission is handed out now. */
export function permissionView(approval: Approval): {
  view: { [key: string]: Json }
  text: string
} {
  const { id, edits, request } = approval
  const { tool, input } = request.call
  const edited = edits.length > 0
  return {
    view: { status: 'permitted', approval_id: id, input, edited },
    text: permittedText(tool, input, edited),
  }
}
