import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecoveryCause, RecoveryRecord } from '../record/record.ts'
import { cutTail } from './cut-tail.ts'
import { diskFiles } from './file-layer.ts'
import { type Head, ownersFolder } from './folder.ts'
import { isSilent } from './lease.ts'
import type { OwnerState } from './owner.ts'
import { claim, listOwned, type Owned, unclaim } from './ownership.ts'
import { readEnd } from './tail.ts'

/** Why a stream was left, and the last record that was certain to be on disk. */
export type Lost = { cause: RecoveryCause; head: Head | undefined }

type RecoveryOptions = {
  directory: string
  /** The stream of this process, which the findings are written to. */
  stream: string
  /** Streams of this process that it had to leave. One goes from here when it has been looked at, and not before. */
  lost: Map<string, Lost>
  /** Asked before each stream: what is left is for the next process. */
  stopped: () => boolean
  /** Writes a finding; answers when it is on disk. */
  record(event: RecoveryRecord): Promise<unknown>
  /** Signs the end of a stream; undefined when its checkpoint does not fit what is on disk. */
  seal(
    stream: string,
    head: { seq: number; leaf: string },
  ): Promise<{ size: number; root: string } | undefined>
}

/**
 * Ends the streams that nobody ends any more: those of dead processes, and those of this one whose disk failed.
 * Bytes behind the last record are moved to `quarantine/`, never deleted, and a recovery record says where the stream
 * ends. Only such a tail is ever cut: damage anywhere else is tampering, and stays for verify to find.
 * A crash at any point leaves a state that the next process recovers from.
 */
export async function recoverStreams(options: RecoveryOptions): Promise<void> {
  const { directory, stream, lost, stopped } = options
  const failures: unknown[] = []
  const left = [...lost.keys()]
  const owned = await listSilent(directory)
  // Of one that came to nothing, on a disk that takes none, there is nothing to end: each try of a long outage is one.
  const noted = new Set(owned.map((one) => one.stream))
  for (const name of left) if (!noted.has(name)) lost.delete(name)
  const busy = new Set(
    owned
      .filter(
        ({ claimer, state }) => claimer === null && (state === 'alive' || state === 'unknown'),
      )
      .map((one) => one.stream),
  )
  for (const one of owned) {
    const mine = lost.get(one.stream)
    const dead =
      one.state !== 'alive' &&
      one.state !== 'unknown' &&
      (one.claimer === null || !busy.has(one.claimer))
    if (mine === undefined && !dead) continue
    if (stopped()) break
    const claimed = await claim(directory, one, stream)
    if (claimed === undefined) continue // another process was faster
    try {
      const cause = mine?.cause ?? (one.state === 'silent' ? 'owner_silent' : 'owner_dead')
      const done = await recoverStream(options, one.stream, cause, mine)
      if (done) await rm(claimed, { force: true })
      else await unclaim(directory, one.stream, claimed)
      lost.delete(one.stream)
    } catch (error) {
      await unclaim(directory, one.stream, claimed).catch(() => {})
      failures.push(error) // one that cannot be read keeps no other one from its end
    }
  }
  if (failures.length > 0) throw failures[0]
}

type Judged = Omit<Owned, 'state'> & { state: OwnerState | 'silent' }

/** Who cannot be judged from here, but has been silent for too long, is taken for dead. */
async function listSilent(directory: string): Promise<Judged[]> {
  const judged: Judged[] = []
  for (const one of await listOwned(directory)) {
    const path = join(directory, ownersFolder, one.file)
    const silent = one.state === 'unknown' && (await isSilent(path))
    judged.push(silent ? { ...one, state: 'silent' } : one)
  }
  return judged
}

/** False when the stream is damaged: then nothing is cut and nothing recorded. */
async function recoverStream(
  { directory, record, seal }: RecoveryOptions,
  stream: string,
  cause: RecoveryCause,
  mine: Lost | undefined,
): Promise<boolean> {
  const end = await readEnd(directory, stream)
  if (end.damaged && cause === 'altered' && mine?.head !== undefined) {
    // What it was before somebody altered it, this process still knows.
    await record({ kind: 'recovery', of: stream, cause, ...endAt(mine.head), ...uncut, tree: null })
    return true
  }
  if (end.damaged) return false
  const { file, head } = end
  const cut = file && (await cutTail(directory, stream, { file, offset: end.end }))
  if (file !== undefined) await diskFiles.syncFolder(join(directory, stream))
  const sealed = head && (await seal(stream, head))
  // Died between its close record and the removal of its note: it says itself where it ends.
  if (end.closed && cut === undefined) return true
  await record({
    kind: 'recovery',
    of: stream,
    cause,
    tree: sealed === undefined ? null : { size: sealed.size, root: sealed.root },
    ...endAt(head),
    ...(cut ? { cut_bytes: cut.bytes, cut_sha256: cut.sha256, quarantine: cut.name } : uncut),
  })
  return true
}

const endAt = (head: Head | undefined) => ({
  last_seq: head?.seq ?? null,
  last_leaf: head?.leaf ?? null,
})
const uncut = { cut_bytes: 0, cut_sha256: null, quarantine: null }
