import { type Io, type Paint, painter, safeLines, safeText } from '@lelu/cli/terminal'
import { shellWord } from '../../shell-word.ts'
import type { Place } from '../client.ts'
import type { Kept } from '../moved.ts'
import { shownPath } from '../scope.ts'
import { failureLines, skippedLines, whereText } from './lines.ts'
import type { Imported } from './results.ts'

type Shown = { name: string; place: Place; io: Io; dryRun: boolean }

/** What a person reads after `import`, with how to undo it. */
export function importLines(results: readonly Imported[], shown: Shown): string {
  const paint = painter(shown.io)
  const blocks = results.map((result) => clientLines(result, shown, paint).join('\n'))
  return `${blocks.join('\n\n')}\n`
}

function clientLines(result: Imported, shown: Shown, paint: Paint): string[] {
  const { place, dryRun } = shown
  const title = paint('bold', result.title)
  const staying = [
    ...(result.left.length === 0
      ? []
      : [`  turned off, and left: ${safeText(result.left.join(', '))}`]),
    ...keptLines(result.kept, paint),
  ]
  if (result.result === 'skipped' && result.error !== undefined) {
    return [`${title}: skipped`, ...skippedLines(result.error, paint)]
  }
  if (result.error !== undefined || result.file === null) {
    const failure = result.error ? failureLines(result.error, paint) : []
    return [`${title}: failed`, ...failure, ...staying]
  }
  const where = whereText(result.file, result.scope, place)
  if (result.result === 'nothing') return [`${title}: no servers to move in ${where}`, ...staying]
  const moved = safeText(result.moved.join(', '))
  const verb = dryRun ? 'would be moved' : 'moved'
  const head = `${title}: ${moved} ${verb} from ${where} to ${safeText(shownPath(result.gateway, place))}`
  const more = dryRun ? diffLines(result) : nextLines(result, shown)
  return [head, ...staying, ...noteLines(result, paint), ...more]
}

/** One for each server that stays, and what that means. */
function keptLines(kept: readonly Kept[], paint: Paint): string[] {
  if (kept.length === 0) return []
  const lines = kept.map(({ name, member, text, why }) => {
    const place = [member, text].filter((part) => part !== null).map(safeText)
    const where = place.length === 0 ? '' : ` of ${place.join(', ')}:`
    return `  ${paint('red', '×')} ${safeText(name)} not imported, because${where} ${safeText(why)}`
  })
  return [...lines, '    It stays in the file of the client, which reaches it without the gateway.']
}

function noteLines({ filled, unset }: Imported, paint: Paint): string[] {
  const note = (text: string) => `  ${paint('yellow', 'note:')} ${safeText(text)}`
  return [
    ...(filled.length === 0
      ? []
      : [note(`${filled.join(', ')} written as it is on this computer, in this folder`)]),
    ...(unset.length === 0
      ? []
      : [note(`the gateway starts only where these are set: ${unset.join(', ')}`)]),
  ]
}

function diffLines({ diffs = [] }: Imported): string[] {
  return diffs.flatMap((diff) => ['', safeLines(diff).trimEnd()])
}

function nextLines(result: Imported, { name, place }: Shown): string[] {
  const { backup, file } = result
  if (backup === null || file === null) return []
  const [kept, written, gateway] = [backup, file, result.gateway].map((path) =>
    safeText(shellWord(shownPath(path, place))),
  )
  return [
    `  the file as it was: ${safeText(shownPath(backup, place))}`,
    `  next: npx @lelu/mcp serve --config ${gateway}; ${result.title} reaches all of them as ${name}`,
    `  to undo: cp ${kept} ${written}, and take the servers out of ${gateway}`,
  ]
}
