import type { LogSource } from '../read/source.ts'
import { parseAnnouncement } from '../sink/announce.ts'

/** How the archive holds each object of the pack's streams, and what it was seen to do when they were begun. */
export type HeldObjects = {
  source: string
  /** Undefined members say that the source holds nothing: a folder. */
  objects: { file: string; mode: string | null; until: string | null; legal_hold: boolean }[]
  /** The results of the start-up canary, one for each stream. */
  canary: { stream: string; sink: unknown }[]
}

export async function heldObjects(
  source: LogSource,
  streams: ReadonlySet<string>,
): Promise<HeldObjects> {
  const held: HeldObjects = { source: source.name, objects: [], canary: [] }
  for (const { stream, text } of await source.announcements()) {
    if (streams.has(stream))
      held.canary.push({ stream, sink: parseAnnouncement(text)?.sink ?? null })
  }
  const retentions = source.retentions()
  if (retentions === undefined) return held
  for await (const { stream, file, retention } of retentions) {
    if (!streams.has(stream) || retention === undefined) continue
    const { mode, until, legalHold } = retention
    held.objects.push({ file, mode, until, legal_hold: legalHold })
  }
  return held
}
