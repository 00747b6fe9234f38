import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments } from '../folder/folder.ts'
import { readFlags } from '../folder/read-flags.ts'
import { leafHash, maxLineBytes } from '../record/line.ts'
import type { AuditRecord } from '../record/record.ts'
import { parseRecord } from './read.ts'

/** A stored record with its line; `leaf` is the base64 RFC 6962 leaf hash of the stored bytes. */
export type FoundRecord = { record: AuditRecord; raw: string; stream: string; leaf: string }

/**
 * What the bytes of a line must hold before it is worth parsing: one text of each group. Lines are canonical JSON, so
 * a member is found as `"kind":"decision"`; a line that is written otherwise has been edited, which `verifyLog` says.
 */
export type Needles = readonly (readonly Buffer[])[]

export type ScanOptions = {
  directory: string
  stream: string
  needles: Needles
  /** A further look at the bytes of a line. */
  keep?: (line: Buffer) => boolean
  /** Told of the bytes that were read since it was told last. */
  onBytes?: (bytes: number) => void
  /** Ends the reading early, without an error. */
  signal?: AbortSignal | undefined
}

const chunkBytes = 1 << 20

/** The records of one stream that hold the needles, in order and in constant memory. Unfinished lines are left out. */
export async function* scanStream(options: ScanOptions): AsyncGenerator<FoundRecord> {
  const { directory, stream, onBytes, signal } = options
  const { segments } = await listSegments(join(directory, stream))
  const buffer = Buffer.allocUnsafe(chunkBytes + 2 * maxLineBytes)
  for (const { file } of segments) {
    const handle = await open(join(directory, stream, file), readFlags)
    try {
      let held = 0 // bytes of an unfinished line at the start of the buffer
      let skipping = false // inside a line that is longer than any record
      for (;;) {
        if (signal?.aborted) return
        const { bytesRead } = await handle.read(buffer, held, chunkBytes)
        if (bytesRead === 0) break
        onBytes?.(bytesRead)
        const filled = held + bytesRead
        const whole = buffer.lastIndexOf(10, filled - 1) + 1
        if (whole > 0) {
          const start = skipping ? buffer.indexOf(10) + 1 : 0
          yield* recordsIn(buffer.subarray(start, whole), options)
          skipping = false
          held = filled - whole
          buffer.copy(buffer, 0, whole, filled)
        } else held = filled
        if (held > 2 * maxLineBytes) skipping = true
        if (skipping) held = 0
      }
    } finally {
      await handle.close()
    }
  }
}

function* recordsIn(bytes: Buffer, { stream, needles, keep }: ScanOptions): Generator<FoundRecord> {
  const [first = [], ...others] = needles
  const next = first.map(() => -1)
  for (let position = 0; position < bytes.length; ) {
    const hit = first.length === 0 ? position : nextHit(bytes, position, first, next)
    if (hit === -1) return
    const start = bytes.lastIndexOf(10, hit) + 1
    const end = bytes.indexOf(10, hit)
    position = end + 1
    const line = bytes.subarray(start, end)
    if (!others.every((group) => group.some((needle) => line.includes(needle)))) continue
    if (keep?.(line) === false) continue
    const raw = line.toString()
    const record = parseRecord(raw)
    if (record !== undefined) yield { record, raw, stream, leaf: leafHash(line) }
  }
}

/** The first place from `position` on where one of the needles stands; `next` remembers each one's. */
function nextHit(bytes: Buffer, position: number, needles: readonly Buffer[], next: number[]) {
  let nearest = -1
  for (const [index, needle] of needles.entries()) {
    let at = next[index] ?? -1
    if (at < position && at !== bytes.length) {
      const found = bytes.indexOf(needle, position)
      at = found === -1 ? bytes.length : found
      next[index] = at
    }
    if (at < bytes.length && (nearest === -1 || at < nearest)) nearest = at
  }
  return nearest
}
