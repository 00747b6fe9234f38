import { join } from 'node:path'
import type { CallSummary } from '@lelu/audit/reading'
import type { CommandContext } from '../command-context.ts'
import { type Paint, painter, report, safeText, table, writeJson } from '../print.ts'
import { revealedLines, revealedOf } from './revealed.ts'
import { progressLine } from './scan-progress.ts'
import { storyLines } from './story-lines.ts'
import { wrapped } from './wrapped.ts'

/** `audit show`: the story of one call. Exit code 1 when the id is that of several calls, which are listed. */
export async function showStory(
  context: CommandContext,
  id: string,
  { reveal = false }: { reveal?: boolean } = {},
): Promise<void> {
  const { io, globals, setExitCode } = context
  const { directory: home, json } = globals()
  const { findStory } = await import('@lelu/audit/reading')
  const progress = progressLine(io)
  const directory = join(home, 'audit')
  const story = await findStory({ directory, id, onProgress: progress.show }).finally(
    progress.clear,
  )
  if ('calls' in story) {
    setExitCode(1)
    return report(context, story, callLines(id, story, painter(io)))
  }
  const revealed = reveal ? await revealedOf(home, story.records) : undefined
  if (json) {
    const records = story.records.map(({ raw: _, ...one }) => ({
      ...one,
      ...(revealed && { revealed: revealed.get(one.record.id) ?? null }),
    }))
    writeJson(io, records)
    return
  }
  const columns = io.terminal.stdout ? io.terminal.columns : undefined
  const paint = painter(io)
  const lines = storyLines(story.records, { paint, columns })
  if (revealed !== undefined) lines.push('', ...revealedLines(revealed, { paint, columns }))
  else if (story.records.some(({ raw }) => raw.includes('"$c"'))) {
    const hint =
      'What stands in {"$c": …} is kept beside the log: --reveal shows it, until it is erased.'
    lines.push('', ...wrapped(hint, 2, columns))
  }
  io.write(`${lines.join('\n')}\n`)
}

function callLines(
  id: string,
  { calls, more }: { calls: CallSummary[]; more: boolean },
  paint: Paint,
): string[] {
  const rows = calls.map(({ id: own, ts, run, tenant, agent, tool }) =>
    [own, ts, tenant, run ?? '-', agent ?? '-', tool ?? '-'].map(safeText),
  )
  const [head = '', ...lines] = table([
    ['ID', 'FIRST SEEN', 'TENANT', 'RUN', 'AGENT', 'ACTION'],
    ...rows,
  ])
  return [
    `${calls.length} calls have the id ${safeText(id)}. Show one of them: lelu audit show ID`,
    '',
    paint('bold', head),
    ...lines,
    ...(more ? ['', 'There are more.'] : []),
  ]
}
