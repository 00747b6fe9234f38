import { splitLines } from '../read/read.ts'
import {
  type LogSource,
  SegmentDamage,
  type SourceSegment,
  type StreamRef,
} from '../read/source.ts'
import type { Claims } from './claims.ts'
import { checkLine } from './verify-line.ts'

const peers = Buffer.from('"kind":"peers"')

/**
 * What each stream saw of the others, from its first record and its last segment: read before any stream is walked, so
 * that a walk can compare as it goes. Only what was there before the walks began can contradict what they find.
 */
export async function readEarlyClaims(
  source: LogSource,
  refs: readonly StreamRef[],
  claims: Claims,
): Promise<void> {
  for (const ref of refs) {
    const { segments } = await source.segments(ref)
    const last = segments.at(-1)
    for (const segment of new Set(segments.slice(0, 1).concat(last ?? []))) {
      await readClaims(source, ref, segment, segment === last, claims)
    }
  }
}

async function readClaims(
  source: LogSource,
  ref: StreamRef,
  segment: SourceSegment,
  whole: boolean,
  claims: Claims,
): Promise<void> {
  try {
    const chunks = source.read(ref, segment, { alone: true })
    for await (const stored of splitLines(chunks, { ...ref, file: segment.file })) {
      if (stored.line === 1 || stored.bytes.includes(peers)) {
        // What a damaged line says is no word of this stream.
        const checked = checkLine(stored)
        if (checked.ok) claims.visit(checked.record)
      }
      if (!whole) return
    }
  } catch (error) {
    if (!(error instanceof SegmentDamage)) throw error // the walk names it
  }
}
