import type { LogSource } from '../read/source.ts'
import { parseAnnouncement } from '../sink/announce.ts'

/** How the archive holds each object of the pack's streams, and what it was seen to do when they were begun. */
export type HeldObjects = {
  source: string
  /** Null when nothing holds them: a folder. */
  objects:
    | {
        stream: string
        file: string
        mode: string | null
        until: string | null
        legal_hold: boolean | null
      }[]
    | null
  /** The results of the start-up canary, one for each stream that an archive was told of. */
  canary: { stream: string; sink: unknown }[]
}

/** `names`: of streams, and ids of keys. */
export async function heldObjects(
  source: LogSource,
  names: ReadonlySet<string>,
): Promise<HeldObjects> {
  const held: HeldObjects = { source: source.name, objects: null, canary: [] }
  for (const { stream, text } of await source.announcements()) {
    if (names.has(stream)) held.canary.push({ stream, sink: parseAnnouncement(text)?.sink ?? null })
  }
  const retentions = source.retentions(names)
  if (retentions === undefined) return held
  held.objects = []
  for await (const { stream, file, retention } of retentions) {
    const { mode = null, until = null, legalHold: legal_hold = null } = retention ?? {}
    held.objects.push({ stream, file, mode, until, legal_hold })
  }
  return held
}
