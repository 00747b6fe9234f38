import type { Reliability } from '@lelu/testing'

/** What one store was put through. */
export type StoreRun = { store: string; cases: Reliability[] }

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** What was counted, on one line. */
export function counted({ counts, skipped, wrong }: Reliability): string {
  if (skipped !== undefined) return `not done: ${skipped}`
  const found = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  return [...found, ...wrong.map((what) => `WRONG: ${what}`)].join(', ')
}

/** As a table of Markdown: a row for each fault, a column for each store. */
export function markdownTable(runs: readonly StoreRun[]): string {
  const [first] = runs
  if (first === undefined) return ''
  const heading = ['under this fault', ...runs.map(({ store }) => store)]
  const rows = first.cases.map(({ title }, index) => [
    title,
    ...runs.map(({ cases }) => {
      const one = cases[index]
      return one === undefined ? '' : counted(one)
    }),
  ])
  const lines = [heading, heading.map(() => '---'), ...rows]
  return lines.map((line) => `| ${line.map(cell).join(' | ')} |`).join('\n')
}
