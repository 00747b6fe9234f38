import { appendFileSync, existsSync, readFileSync } from 'node:fs'

/** What a tool did, one line each in the ledger: the world outside that must not be touched twice. */
export type LedgerEntry = { tool: string; [detail: string]: string | number }

export function readLedger(file: string): LedgerEntry[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.filter(Boolean).map((line) => JSON.parse(line) as LedgerEntry)
}

export function writeLedger(file: string, entry: LedgerEntry): void {
  appendFileSync(file, `${JSON.stringify(entry)}\n`)
}
