import { open } from 'node:fs/promises'
import type { ExportedRecord } from './exported.ts'

/**
 * Records that a receiver refuses for good, one JSON object a line, beside the cursor: where each stands, so that it
 * can be found again. They stay in the log.
 */
export async function layAside(
  path: string,
  refused: readonly { record: ExportedRecord; why: string }[],
  now: number,
): Promise<void> {
  const lines = refused.map(({ record: { record, leaf, stream }, why }) =>
    JSON.stringify({
      at: new Date(now).toISOString(),
      stream,
      seq: record.seq,
      id: record.id,
      leaf,
      why,
    }),
  )
  const file = await open(path, 'a', 0o600)
  try {
    await file.appendFile(lines.map((line) => `${line}\n`).join(''))
    await file.datasync()
  } finally {
    await file.close()
  }
}
