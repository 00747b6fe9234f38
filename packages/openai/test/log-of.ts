import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lelu } from '@lelu/engine'

/** How the calls of an engine ended, as its log says it. */
export function outcomesOf({ audit }: Lelu): unknown[] {
  return readdirSync(audit.directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(audit.directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { kind: string; result?: { status?: unknown } })
    .flatMap(({ kind, result }) => (kind === 'outcome' ? [result?.status] : []))
}
