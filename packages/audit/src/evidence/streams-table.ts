import { csvText } from './population.ts'

export const streamsFile = 'streams.csv'

/** A stream of a pack: how many records it has, how many of them its newest checkpoint covers, and its first and last time. */
export type StreamRow = {
  log: string
  stream: string
  records: number
  signed: number
  from: string
  to: string
}

export function streamsTable(streams: readonly StreamRow[]): string {
  const rows = streams.map(({ log, stream, records, signed, from, to }) =>
    [csvText(log), stream, records, signed, csvText(from), csvText(to)].join(','),
  )
  const head = 'log,stream,records,signed,first_time,last_time'
  return `${[head, ...rows].join('\n')}\n`
}
