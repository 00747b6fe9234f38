import type { CommandContext } from './command-context.ts'
import type { Io } from './io.ts'

/**
 * Characters that a terminal obeys or does not show: control and format characters (escape sequences, bidirectional
 * overrides, zero width, tags), odd spaces, fillers, the empty pattern of Braille, unassigned code points, halves of
 * surrogate pairs.
 */
const hidden =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/gu
const hiddenButNewline = new RegExp(`(?!\\n)(?:${hidden.source})`, 'gu')

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/**
 * Text of a model, a policy or a reviewer on one line, as it can be shown to a person: what would steer the terminal
 * is written as `\u001b`. Against an input that hides or repaints a part of itself before the reviewer.
 */
export function safeText(text: string): string {
  return text.replace(hidden, escaped)
}

/** The same for our own texts of several lines. */
export function safeLines(text: string): string {
  return text.replace(hiddenButNewline, escaped)
}

/** JSON, whole, on lines of two spaces' indent or on one line; the escapes leave its value as it is. */
export function safeJson(value: unknown, indent: 0 | 2 = 2): string {
  return safeLines(JSON.stringify(value, null, indent) ?? 'null')
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
/** Puts a style on a text; answers it as it is where colours are not wanted. */
export type Paint = (style: Style, text: string) => string

const codes: Record<Style, [number, number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
}

/** Colours on a terminal only; none under NO_COLOR (no-color.org) or TERM=dumb; FORCE_COLOR asks for them anyway. */
export function painter(io: Io, stream: 'stdout' | 'stderr' = 'stdout'): Paint {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = io.env
  const forced = FORCE_COLOR !== '' && FORCE_COLOR !== '0'
  const wanted = NO_COLOR === '' && (forced || (io.terminal[stream] && TERM !== 'dumb'))
  if (!wanted) return (_style, text) => text
  return (style, text) => `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m`
}

/** Letters that a terminal shows in two columns; half-width ones and the halves of a flag take one. */
const wide =
  /(?![\uff61-\uffdc\p{RI}])[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Yi}\u3001-\u303e\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]/u
/** Accents that stand over the letter before them. */
const narrow = /[\p{Mn}\p{Me}]/u

function columnsOf(text: string): number {
  let columns = 0
  for (const letter of text) columns += wide.test(letter) ? 2 : narrow.test(letter) ? 0 : 1
  return columns
}

/** Rows of safe text in columns two spaces apart; the last column is not padded. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, columnsOf(cell))
    })
  }
  const padded = (cell: string, index: number) =>
    cell + ' '.repeat((widths[index] ?? 0) - columnsOf(cell))
  return rows.map((row) =>
    row.map((cell, index) => (index === row.length - 1 ? cell : padded(cell, index))).join('  '),
  )
}

/** Of a list that is empty behind a place: what stands before that is there still. */
export const nothingAfter = 'There is nothing more after that one.'

/** Prints one JSON document: readable on a terminal, one line elsewhere. */
export function writeJson(
  io: Io,
  value: unknown,
  indent: 0 | 2 = io.terminal.stdout ? 2 : 0,
): void {
  io.write(`${safeJson(value, indent)}\n`)
}

/** Prints what a command came to: as JSON where that is asked for, else as these lines. */
export function report(
  { io, globals }: Pick<CommandContext, 'io' | 'globals'>,
  value: unknown,
  lines: string | readonly string[],
): void {
  if (globals().json) writeJson(io, value)
  else io.write(`${[lines].flat().join('\n')}\n`)
}

/** `1 stream`, `2 streams`. */
export function counted(number: number, one: string): string {
  return `${number} ${number === 1 ? one : `${one}s`}`
}

/** `2 h 5 min`: the two largest units of a span in ms. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const units: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = units.findIndex(([count]) => count > 0)
  if (first === -1) return '0 s'
  const shown = units.slice(first, first + 2).filter(([count]) => count > 0)
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ')
}

/** `2026-11-22T10:00:00.000Z (in 23 h 59 min)`. */
export function moment(at: number, now: number): string {
  const distance = at > now ? `in ${span(at - now)}` : `${span(now - at)} ago`
  return `${new Date(at).toISOString()} (${distance})`
}
