import { safeJson, safeLines, safeText } from '@lelu/cli/terminal'

/** Text that was cut off says so, for what is not seen must not be believed to be seen. */
export type Shown = { text: string; truncated: boolean }

function cut(text: string, most: number): Shown {
  if (text.length <= most) return { text, truncated: false }
  return { text: `${text.slice(0, most)}… (cut off, ${text.length} characters)`, truncated: true }
}

/**
 * JSON of a caller or an upstream as text that hides nothing: control, bidirectional and zero-width characters stand
 * as escapes, so that an input cannot repaint what a reviewer (or a model) reads of it.
 */
export function shownJson(value: unknown, most: number): Shown {
  return cut(safeJson(value ?? null, 0), most)
}

/** A text of a caller, a policy or a reviewer, on one line. */
export function shownText(text: string, most = 500): string {
  return cut(safeText(text), most).text
}

/** A text of several lines, with its tabs: what else is not seen stands as escapes. */
export function shownLines(text: string): string {
  return text.split('\t').map(safeLines).join('\t')
}
