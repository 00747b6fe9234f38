import { safeJson } from '@lelu/cli/terminal'
import type { AcceptedTool, DefinitionChange } from './accept.ts'
import { strippedLine } from './stripped-text.ts'

const words = {
  new: 'is new',
  changed: 'has changed',
  removed: 'is not listed any more',
}

/**
 * What accepting changes, as a person reads it. All of it is the word of the server: one line each, nothing hidden, and
 * nothing cut: the end of a long description is where a change would hide, and the model reads it.
 */
export function acceptedLines(server: string, tools: readonly AcceptedTool[]): string {
  if (tools.length === 0) return `${strippedLine(server)}: all tools are as they were accepted.\n`
  const lines = tools.flatMap(({ tool, kind, changes }) => [
    `${strippedLine(server)}/${strippedLine(tool)} ${words[kind]}`,
    ...changes.flatMap(changeLines),
  ])
  return `${lines.join('\n')}\n`
}

function changeLines({ path, before, after }: DefinitionChange): string[] {
  const whole = (text: string) => strippedLine(text, Number.POSITIVE_INFINITY)
  const place = path === '' ? '' : `${whole(path)}: `
  const line = (sign: string, value: DefinitionChange['before']) =>
    value === undefined ? [] : [`  ${sign} ${place}${whole(safeJson(value, 0))}`]
  return [...line('-', before), ...line('+', after)]
}
