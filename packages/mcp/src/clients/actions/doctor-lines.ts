import { type Io, type Paint, painter, safeText } from '@lelu/cli/terminal'
import type { Handshake } from '../attempt.ts'
import type { Place } from '../client.ts'
import { failureLines, handshakeText, whereText } from './lines.ts'
import { type Examined, isHealthy } from './results.ts'

/** What a person reads after `doctor`. */
export function doctorLines(
  examined: readonly Examined[],
  { name, place, io }: { name: string; place: Place; io: Io },
): string {
  if (examined.length === 0) {
    return `No client has an entry ${name}. Add one, such as: lelu-mcp add --cursor\n`
  }
  const paint = painter(io)
  const blocks = examined.map((one) => fileLines(one, place, paint).join('\n'))
  const wrong = examined.filter((one) => !isHealthy(one)).length
  const sum = wrong === 0 ? 'All is well.' : `${wrong} of ${examined.length} with something wrong.`
  return `${blocks.join('\n')}\n${sum}\n`
}

function fileLines(one: Examined, place: Place, paint: Paint): string[] {
  const lines = [`${paint('bold', one.title)}: ${whereText(one.file, one.scope, place)}`]
  const say = (text: string) => lines.push(`  ${text}`)
  if (one.error !== undefined) lines.push(...failureLines(one.error, paint))
  for (const problem of one.problems) say(`${paint('red', '×')} ${safeText(problem)}`)
  for (const note of one.notes) say(`${paint('yellow', 'note:')} ${safeText(note)}`)
  if (one.skipped !== null) say(`not connected: ${safeText(one.skipped)}`)
  if (one.legacy !== null) say(`initialize: ${handshakeText(one.legacy, paint)}`)
  if (one.modern !== null) say(`server/discover: ${handshakeText(one.modern, paint)}`)
  const reached = [one.legacy, one.modern].some((tried) => tried?.status === 'connected')
  if (one.legacy !== null && one.modern !== null && reached) {
    say(negotiated(one, one.legacy, one.modern))
  }
  return lines
}

function negotiated(
  { title, begins, since }: Examined,
  legacy: Handshake,
  modern: Handshake,
): string {
  const agreed = (handshake: Handshake) =>
    handshake.status === 'connected' ? `MCP ${safeText(handshake.protocol)}` : 'nothing'
  if (begins === 'unknown') {
    return `${title} will agree on ${agreed(legacy)}, or on ${agreed(modern)} once it knows 2026-07-28`
  }
  if (begins === 'legacy') return `${title} will agree on ${agreed(legacy)}`
  return `${title} will agree on ${agreed(modern)} from ${since} on, on ${agreed(legacy)} before`
}
