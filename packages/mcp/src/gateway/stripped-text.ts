/** What a reader does not see or a terminal obeys: control, format, tag and private characters, halves of surrogate pairs. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const hiddenButBreaks = new RegExp(`(?![\\n\\t])(?:${hidden.source})`, 'gu')

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`
}

/** Text of an upstream on one line: nothing hidden in it, at most `limit` characters. */
export function strippedLine(text: string, limit: number = 200): string {
  return cut(text.replace(/\s+/g, ' ').replace(hidden, ''), limit)
}

/** The same of several lines: a description that hides instructions in invisible characters must not reach the model. */
export function strippedText(text: string, limit: number = 16_384): string {
  return cut(text.replace(hiddenButBreaks, ''), limit)
}

/** Whether a name has characters in it that nobody sees. */
export function hides(text: string): boolean {
  return text.search(hidden) !== -1
}
