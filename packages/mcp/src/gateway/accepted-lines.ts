import type { AcceptedTool, DefinitionChange } from './accept.ts'
import { shownLine } from './shown-text.ts'

const words = {
  new: 'is new',
  changed: 'has changed',
  removed: 'is not listed any more',
}

/** What accepting changes, as a person reads it. All of it is the word of the server: one line each, nothing hidden. */
export function acceptedLines(server: string, tools: readonly AcceptedTool[]): string {
  if (tools.length === 0) return `${shownLine(server)}: all tools are as they were accepted.\n`
  const lines = tools.flatMap(({ tool, kind, changes }) => [
    `${shownLine(server)}/${shownLine(tool)} ${words[kind]}`,
    ...changes.flatMap(changeLines),
  ])
  return `${lines.join('\n')}\n`
}

function changeLines({ path, before, after }: DefinitionChange): string[] {
  const place = path === '' ? '' : `${shownLine(path)}: `
  const line = (sign: string, value: DefinitionChange['before']) =>
    value === undefined ? [] : [`  ${sign} ${place}${shownLine(escaped(value), 2000)}`]
  return [...line('-', before), ...line('+', after)]
}

/** Whoever hides characters in a text must be seen to: as escapes. */
function escaped(value: DefinitionChange['before']): string {
  const text = JSON.stringify(value) ?? ''
  return text.replace(/[^\x20-\x7e]/gu, (character) => {
    if (/[\p{L}\p{N}\p{P}\p{S}]/u.test(character)) return character
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
  })
}
