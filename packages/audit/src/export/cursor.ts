import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AuditError } from '../errors.ts'
import { diskFiles } from '../folder/file-layer.ts'

/** Up to where a stream has been acknowledged; `next` is the `seq` that follows, null when it is not known. */
export type CursorPlace = { file: string; offset: number; next: number | null }

export type Cursor = { target: string; streams: Map<string, CursorPlace> }

/** Undefined when there is none yet. Throws `LELU_AUDIT_CURSOR_INVALID` for what is none, or that of another receiver. */
export async function readCursor(path: string, target: string): Promise<Cursor | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const cursor = parse(text)
  if (cursor === undefined) throw invalid(path, 'is damaged')
  if (cursor.target !== target)
    throw invalid(path, `belongs to another receiver (${cursor.target})`)
  return cursor
}

/** Replaces it as a whole: after a crash it is the old one or the new one. */
export async function writeCursor(path: string, { target, streams }: Cursor): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fresh = `${path}.${process.pid}.new`
  const file = await open(fresh, 'w', 0o600)
  try {
    await file.writeFile(
      `${JSON.stringify({ v: 1, target, streams: Object.fromEntries(streams) })}\n`,
    )
    await file.datasync()
  } finally {
    await file.close()
  }
  try {
    await rename(fresh, path)
  } catch (error) {
    await unlink(fresh).catch(() => {})
    throw error
  }
  await diskFiles.syncFolder(folder)
}

function parse(text: string): Cursor | undefined {
  let value: { v?: unknown; target?: unknown; streams?: unknown }
  try {
    value = JSON.parse(text) ?? {}
  } catch {
    return undefined
  }
  const { v, target, streams } = value
  if (v !== 1 || typeof target !== 'string' || typeof streams !== 'object' || streams === null) {
    return undefined
  }
  const places = Object.entries(streams as Record<string, Partial<CursorPlace> | null>)
  const isWhole = places.every(
    ([, place]) =>
      typeof place?.file === 'string' &&
      Number.isSafeInteger(place.offset) &&
      (place.next === null || Number.isSafeInteger(place.next)),
  )
  return isWhole ? { target, streams: new Map(places as [string, CursorPlace][]) } : undefined
}

function invalid(path: string, what: string): AuditError {
  return new AuditError('LELU_AUDIT_CURSOR_INVALID', `The cursor ${path} ${what}.`, {
    help: 'Name another file; or move this one away and start again from the start: records that were sent are sent again.',
    details: { path },
  })
}
