import { styleText } from 'node:util'

const width = 78

/** Thrown by a check that fails: the story is not what it claims, so it ends with exit code 1. */
export class StoryError extends Error {
  override name = 'StoryError'
}

type Style = Parameters<typeof styleText>[0]

function styled(style: Style, text: string): string {
  // styleText looks at NO_COLOR and at whether this is a terminal.
  return styleText(style, text, { stream: process.stdout })
}

/** Fills lines with the words of a text, none wider than the page. A single word is never broken. */
function fill(words: string[], first: string, further: string = first): string[] {
  const lines: string[] = []
  let [indent, line] = [first, '']
  for (const word of words) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      ;[indent, line] = [further, word]
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, indent + line]
}

export function say(text: string): void {
  console.log(fill(text.split(' '), '   ').join('\n'))
}

export function heading(number: number, title: string): void {
  console.log(`\n${styled('bold', `${number}. ${title}`)}`)
}

const quoted = (word: string) => (/^[\w./:@=-]+$/.test(word) ? word : `"${word}"`)

/** A command as it can be typed: broken between its words only. */
export function command(words: string[]): void {
  console.log(styled('cyan', fill(words.map(quoted), '   $ ', '     ').join(' \\\n')))
}

/** What a process printed. Long sentences are broken; columns are left as they are. */
export function printed(text: string): void {
  const isTable = (line: string) => /\S {2,}\S.* {2,}\S/.test(line)
  for (const line of text.trimEnd().split('\n')) {
    const indent = `   | ${/^ */.exec(line)?.[0] ?? ''}`
    const words = line.trimStart().split(' ')
    const lines = isTable(line) ? [`   | ${line}`] : fill(words, indent, `${indent}  `)
    for (const one of lines) console.log(styled('dim', one.trimEnd()))
  }
}

/** A claim of the story that has just been checked. */
export function check(claim: string, holds: boolean, found?: unknown): void {
  if (holds) {
    console.log(`   ${styled('green', 'ok')} ${claim}`)
    return
  }
  const detail = found === undefined ? '' : `\n   found: ${JSON.stringify(found)}`
  throw new StoryError(`${claim}: this does not hold.${detail}`)
}

export function line(text = ''): void {
  console.log(text)
}
