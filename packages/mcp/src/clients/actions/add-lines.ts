import { type Io, type Paint, painter, safeLines, safeText } from '@lelu/cli/terminal'
import type { Place } from '../client.ts'
import { shownPath } from '../scope.ts'
import { failureLines, handshakeText, skippedLines, whereText } from './lines.ts'
import type { Added } from './results.ts'

type Shown = { name: string; place: Place; io: Io; dryRun: boolean }

/** What a person reads after `add`: what was written where, what was verified, what to do next. */
export function addLines(results: readonly Added[], shown: Shown): string {
  const paint = painter(shown.io)
  return `${results.map((result) => clientLines(result, shown, paint).join('\n')).join('\n\n')}\n`
}

function clientLines(result: Added, { name, place, dryRun }: Shown, paint: Paint): string[] {
  const lines = [`${paint('bold', result.title)}: ${what(result, name, place, dryRun)}`]
  const say = (text: string) => lines.push(`  ${text}`)
  if (result.error !== undefined) {
    const linesOf = result.result === 'skipped' ? skippedLines : failureLines
    lines.push(...linesOf(result.error, paint))
  }
  if (result.diff) lines.push('', safeLines(result.diff).trimEnd())
  if (result.backup !== null)
    say(`the file as it was: ${safeText(shownPath(result.backup, place))}`)
  for (const warning of result.warnings) say(`${paint('yellow', 'note:')} ${safeText(warning)}`)
  if (result.error !== undefined || dryRun) return lines
  if (result.handshake !== null) say(handshakeText(result.handshake, paint))
  if (result.skipped !== null) say(`not verified: ${safeText(result.skipped)}`)
  if (result.next !== null && result.result !== 'unchanged') say(`next: ${result.next}`)
  return lines
}

function what({ result, file, scope }: Added, name: string, place: Place, dryRun: boolean): string {
  const where = file === null ? '' : whereText(file, scope, place)
  if (result === 'unchanged') return `${name} is already there, in ${where}; nothing was written`
  if (result === 'skipped') return 'skipped'
  if (result === 'failed') return file === null ? 'failed' : `failed, ${where}`
  if (dryRun) return `${name} would be ${result}, in ${where}`
  return `${name} ${result}, in ${where}`
}
