import type { ForwardEvent } from '@lelu/audit/reading'
import type { Io } from '../io.ts'
import { counted, safeJson, safeText } from '../print.ts'

const beatMs = 60_000

/** Tells on standard error what a forwarder does: a line that changes on a terminal, lines (a beat a minute) elsewhere. */
export function forwardStatus(
  io: Io,
  json: boolean,
  now: () => number = Date.now,
): { clear(): void; on(event: ForwardEvent): void } {
  let total = 0
  let told = ''
  let beat = now()
  let shown = false

  function line(text: string): void {
    clear()
    io.writeError(`${text}\n`)
  }

  function clear(): void {
    if (shown) io.writeError('\r\u001b[K')
    shown = false
  }

  return {
    clear,
    on(event: ForwardEvent): void {
      if (event.type === 'sent' || event.type === 'idle') total = event.total
      if (json) {
        if (event.type !== 'idle') line(safeJson(event, 0))
        return
      }
      // A receiver that stays away is told of once.
      const news = sentence(event)
      if (news !== undefined && news !== told) line(safeText(news))
      if (event.type === 'sent' && told.startsWith('waiting')) line('it takes records again')
      if (event.type !== 'idle') told = news ?? ''
      if (io.terminal.stderr) {
        io.writeError(
          `\r\u001b[K${counted(total, 'record')} sent${event.type === 'waiting' ? ', waiting' : ''}`,
        )
        shown = true
      } else if (now() - beat >= beatMs) {
        beat = now()
        line(`${counted(total, 'record')} sent`)
      }
    },
  }
}

function sentence(event: ForwardEvent): string | undefined {
  switch (event.type) {
    case 'waiting':
      return `waiting: ${event.why}; trying on`
    case 'rejected':
      return `the receiver does not keep ${counted(event.records, 'record')} of a batch: ${event.note ?? 'it does not say why'}`
    case 'refused':
      return `refused for good: ${event.stream}/${event.seq}, ${event.why}`
    case 'no_record':
      return `no record: ${event.stream}/${event.file}, line ${event.line} from where reading went on; run lelu audit verify`
    case 'gap':
      return `records are missing: ${event.stream}/${event.expected} to ${event.found}; run lelu audit verify`
    case 'held':
      return `held back: ${event.stream}/${event.from} and what follows it; their process is gone, and the next one signs them`
    case 'unsealed':
      return `sent without a checkpoint: ${event.stream}/${event.from} and what follows it; run lelu audit verify`
    default:
      return undefined
  }
}
