import { type Io, painter, safeLines, safeText } from '@lelu/cli/terminal'
import type { Place } from '../client.ts'
import { shownPath } from '../scope.ts'
import { failureLines, whereText } from './lines.ts'
import type { Imported } from './results.ts'

/** What a person reads after `import`, with how to undo it. */
export function importLines(
  results: readonly Imported[],
  { name, place, io, dryRun }: { name: string; place: Place; io: Io; dryRun: boolean },
): string {
  const paint = painter(io)
  const path = (file: string) => safeText(shownPath(file, place))
  const blocks = results.map((result) => {
    const title = paint('bold', result.title)
    if (result.error !== undefined || result.file === null) {
      return [`${title}: failed`, ...(result.error ? failureLines(result.error, paint) : [])]
    }
    const where = whereText(result.file, result.scope, place)
    const left =
      result.left.length === 0
        ? []
        : [`  turned off, and left: ${safeText(result.left.join(', '))}`]
    if (result.result === 'nothing') return [`${title}: no servers to move in ${where}`, ...left]
    const verb = dryRun ? 'would be moved' : 'moved'
    const head = `${title}: ${safeText(result.moved.join(', '))} ${verb} from ${where} to ${path(result.gateway)}`
    const diffs = (result.diffs ?? []).flatMap((diff) => ['', safeLines(diff).trimEnd()])
    if (dryRun || result.backup === null) return [head, ...left, ...diffs]
    return [
      head,
      ...left,
      `  the file as it was: ${path(result.backup)}`,
      `  next: npx @lelu/mcp serve --config ${path(result.gateway)}; ${result.title} reaches all of them as ${name}`,
      `  to undo: cp ${path(result.backup)} ${path(result.file)}, and take the servers out of ${path(result.gateway)}`,
    ]
  })
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`
}
