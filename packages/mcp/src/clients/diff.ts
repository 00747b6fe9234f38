const context = 3
/** More lines than this are shown as one change: the table below grows with their product. */
const mostLines = 3000

type Line = { kind: ' ' | '-' | '+'; text: string }

/** What changes between two texts, as `diff -u` writes it. Empty where nothing does. */
export function unifiedDiff(path: string, before: string, after: string): string {
  const lines = compare(linesOf(before), linesOf(after))
  const hunks = hunksOf(lines)
  if (hunks.length === 0) return ''
  const head = [`--- ${before === '' ? '/dev/null' : path}`, `+++ ${path}`]
  return [...head, ...hunks.flatMap((hunk) => hunkLines(lines, hunk))].join('\n').concat('\n')
}

function linesOf(text: string): string[] {
  if (text === '') return []
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** By the longest common subsequence of what is between the common beginning and end. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  const most = Math.min(before.length, after.length) - start
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1
  const common = (text: string): Line => ({ kind: ' ', text })
  const middle = align(
    before.slice(start, before.length - end),
    after.slice(start, after.length - end),
  )
  return [
    ...before.slice(0, start).map(common),
    ...middle,
    ...before.slice(before.length - end).map(common),
  ]
}

function align(before: readonly string[], after: readonly string[]): Line[] {
  const removed = before.map((text): Line => ({ kind: '-', text }))
  const added = after.map((text): Line => ({ kind: '+', text }))
  if (before.length > mostLines || after.length > mostLines) return [...removed, ...added]
  const width = after.length + 1
  const table = new Uint16Array((before.length + 1) * width)
  const at = (row: number, column: number) => table[row * width + column] ?? 0
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      table[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1))
    }
  }
  const lines: Line[] = []
  let row = 0
  let column = 0
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) {
      lines.push({ kind: ' ', text: before[row] ?? '' })
      row += 1
      column += 1
    } else if (at(row + 1, column) >= at(row, column + 1)) {
      lines.push({ kind: '-', text: before[row] ?? '' })
      row += 1
    } else {
      lines.push({ kind: '+', text: after[column] ?? '' })
      column += 1
    }
  }
  return [...lines, ...removed.slice(row), ...added.slice(column)]
}

type Hunk = { from: number; to: number }

function hunksOf(lines: readonly Line[]): Hunk[] {
  const hunks: Hunk[] = []
  lines.forEach(({ kind }, index) => {
    if (kind === ' ') return
    const from = Math.max(0, index - context)
    const to = Math.min(lines.length, index + context + 1)
    const last = hunks.at(-1)
    if (last !== undefined && from <= last.to) last.to = to
    else hunks.push({ from, to })
  })
  return hunks
}

function hunkLines(lines: readonly Line[], { from, to }: Hunk): string[] {
  const count = (kinds: string, some: readonly Line[]) =>
    some.filter(({ kind }) => kinds.includes(kind)).length
  const above = lines.slice(0, from)
  const shown = lines.slice(from, to)
  const range = (kinds: string) => {
    const length = count(kinds, shown)
    return `${count(kinds, above) + (length === 0 ? 0 : 1)},${length}`
  }
  return [
    `@@ -${range(' -')} +${range(' +')} @@`,
    ...shown.map(({ kind, text }) => `${kind}${text}`),
  ]
}
